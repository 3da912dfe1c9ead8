import { addressPatterns } from "./addresses.ts";
import { isAccountNumber, isCardNumber, isHighEntropy } from "./checks.ts";
import { headerPatterns } from "./headers.ts";
import { namePatterns } from "./names.ts";
import type { SecretPattern } from "./pattern.ts";
import { statementPatterns } from "./statements.ts";
import { keyPatterns, tokenPatterns } from "./tokens.ts";

/** Multi-part and structured secrets first, then issuers' tokens, then names with values, then bare entropy. */
export const secretPatterns: readonly SecretPattern[] = [
  ...keyPatterns,
  ...headerPatterns,
  ...addressPatterns,
  ...tokenPatterns,
  ...statementPatterns,
  ...namePatterns,
  {
    kind: "bank account number",
    pattern: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g,
    isSecret: isAccountNumber,
  },
  { kind: "card number", pattern: /(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])/g, isSecret: isCardNumber },
  {
    kind: "high-entropy secret",
    pattern:
      /\b(?:secret|token|key|password|credential|auth|bearer|signature|session|hmac|salt)s?\b[^\n]{0,40}?(?<![A-Za-z0-9+/_=-])(?<secret>[A-Za-z0-9+/_=-]{20,400})(?![A-Za-z0-9+/_=-])/gi,
    isSecret: isHighEntropy,
  },
];
