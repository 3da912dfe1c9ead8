import {
  assigned,
  bareValue,
  endOfName,
  quotedValue,
  secretName,
  shortSecretName,
} from "./redaction-values.ts";

/** One kind of secret. The match, or the last place of its group named `secret` in it, is what is removed. */
export interface SecretPattern {
  /** Shown in the text in place of the secret. */
  readonly kind: string;
  /** Global; every quantifier bounded, so that hostile text costs linear time. */
  readonly pattern: RegExp;
  /** When given, says whether what was found really is one. */
  readonly isSecret?: (secret: string) => boolean;
}

/** A token that starts with a fixed prefix and stands as a word of its own. */
function prefixed(kind: string, source: string): SecretPattern {
  return { kind, pattern: new RegExp(`(?<![A-Za-z0-9_])(?:${source})(?![A-Za-z0-9])`, "g") };
}

/** Values that only say that a secret is absent or in what state it is. */
const harmless =
  /^(?:null|none|nil|true|false|undefined|empty|required|missing|invalid|valid|expired|revoked|rotated|unset|\*+|x+|<[^>]*>)[.)\]]*$/i;

/** Multi-part and structured secrets first, then issuers' tokens, then names with values, then bare entropy. */
export const secretPatterns: readonly SecretPattern[] = [
  {
    kind: "private key",
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,16000}?(?:-----END [A-Z0-9 ]{0,40}-----|$)/g,
  },
  {
    kind: "authorization",
    pattern:
      /\bauthorization["'\\]{0,4}\s{0,3}[:=]\s{0,3}["'\\]{0,4}digest\s{1,3}(?<secret>[^\r\n]{4,2000})/gi,
  },
  {
    kind: "authorization",
    pattern:
      /\b(?:proxy-)?authorization["'\\]{0,4}\s{0,3}[:=]\s{0,3}["'\\]{0,4}(?<secret>(?:(?:bearer|basic|digest|token|ssws|apikey|negotiate|aws4-hmac-sha256)\s{1,3})?[^\s"'\\]{4,4000})/gi,
  },
  {
    kind: "bearer token",
    pattern: /\bbearer\s{1,3}(?<secret>[A-Za-z0-9._~+/=-]{8,4000})/gi,
    isSecret: hasDigit,
  },
  {
    kind: "basic credentials",
    pattern: /\bbasic\s{1,3}(?<secret>[A-Za-z0-9+/]{8,400}={0,2})/gi,
    isSecret: isUserAndPassword,
  },
  { kind: "Okta token", pattern: /\bssws\s{1,3}(?<secret>[A-Za-z0-9_-]{16,200})/gi },
  {
    kind: "cookie",
    pattern:
      /\b(?:set-)?cookie["'\\]{0,4}\s{0,3}[:=]\s{0,3}["'\\]{0,4}(?<secret>[^\s"'\\][^\r\n"'\\]{2,4000})/gi,
  },
  {
    kind: "connection password",
    // A slash in what follows the colon is no password where a port stands before it.
    pattern:
      /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/@"'[]{0,200}:(?<secret>[^\s/"']{1,300}|(?!\d{1,5}[/,?#])[^\s"']{1,300})@(?=[^\s@]{1,300})/gi,
  },
  {
    kind: "connection password",
    pattern: /(?<![\w.%-])[\w.%-]{1,80}:(?<secret>[^\s"']{1,300}?)@(?:tcp|tcp[46]|udp|unix|cloudsql)\(/gi,
  },
  {
    // Only where it is plain that it is Oracle's: "scott/tiger@orders" alone may as well be a package and its version.
    kind: "connection password",
    pattern:
      /(?:\b(?:sqlplus|sqlldr|expdp|impdp|rman)\b[^\n]{0,200}?\s["']?|\bjdbc:oracle:\w{1,8}:)[\w$#.]{1,60}\/(?<secret>[^\s"'@]{1,200})@/gi,
  },
  {
    kind: "address credentials",
    pattern: /\bhttps?:\/\/(?<secret>[A-Za-z0-9._~%-]{16,300})@(?=[a-z0-9])/gi,
  },
  prefixed(
    "JSON web token",
    "eyJ[A-Za-z0-9_-]{5,4000}\\.eyJ[A-Za-z0-9_-]{5,8000}(?:\\.[A-Za-z0-9_-]{0,2000})?",
  ),
  {
    kind: "Slack webhook",
    pattern:
      /hooks\.slack(?:-gov)?\.com\/(?<secret>(?:services|workflows|triggers)\/[A-Za-z0-9+/_-]{10,200})/g,
  },
  {
    kind: "Discord webhook",
    pattern: /discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\/(?<secret>\d{5,25}\/[\w-]{20,120})/g,
  },
  {
    kind: "Teams webhook",
    pattern: /\.webhook\.office\.com\/(?<secret>[A-Za-z0-9@/_-]{20,400})/g,
  },
  prefixed("AWS access key", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
  prefixed("AWS MWS key", "amzn\\.mws\\.[0-9a-f]{8}-[0-9a-f-]{27}"),
  prefixed("AWS Bedrock key", "ABSK[A-Za-z0-9+/]{60,200}={0,2}"),
  prefixed("Google API key", "AIza[A-Za-z0-9_-]{35}"),
  prefixed("Google client secret", "GOCSPX-[A-Za-z0-9_-]{28}"),
  prefixed("Google access token", "ya29\\.[A-Za-z0-9_-]{20,2000}"),
  prefixed("Google refresh token", "1//0[A-Za-z0-9_-]{30,200}"),
  prefixed("Azure client secret", "[A-Za-z0-9_~.]{3}\\dQ~[A-Za-z0-9_~.-]{31,34}"),
  prefixed("Azure DevOps token", "[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"),
  prefixed("GitHub token", "gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{30,255}"),
  prefixed("GitLab token", "gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|imt|oas)-[A-Za-z0-9_.-]{20,200}"),
  prefixed("Slack token", "xox[a-z](?:\\.xox[a-z])?-[A-Za-z0-9-]{10,300}|xapp-\\d-[A-Za-z0-9-]{10,300}"),
  prefixed("Discord token", "[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,40}"),
  prefixed("npm token", "npm_[A-Za-z0-9]{36}"),
  prefixed("PyPI token", "pypi-AgEI[A-Za-z0-9_-]{50,1000}"),
  prefixed("RubyGems token", "rubygems_[a-f0-9]{48}"),
  prefixed("NuGet key", "oy2[a-z0-9]{43}"),
  prefixed("Stripe key", "[srp]k_(?:live|test)_[A-Za-z0-9]{16,200}|whsec_[A-Za-z0-9+/=]{24,200}"),
  prefixed("Twilio key", "(?:SK|AC)[0-9a-f]{32}"),
  prefixed("SendGrid key", "SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{32,64}"),
  prefixed("Mailgun key", "key-[0-9a-f]{32}"),
  prefixed("Mailchimp key", "[0-9a-f]{32}-us\\d{1,2}"),
  prefixed("Anthropic key", "sk-ant-[A-Za-z0-9_-]{20,300}"),
  prefixed("OpenAI key", "sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,300}"),
  prefixed("Hugging Face token", "(?:hf|api_org)_[A-Za-z0-9]{30,60}"),
  prefixed(
    "model provider key",
    "gsk_[A-Za-z0-9]{40,80}|r8_[A-Za-z0-9]{30,50}|pplx-[A-Za-z0-9]{40,60}|xai-[A-Za-z0-9]{60,100}",
  ),
  prefixed("Databricks token", "dapi[0-9a-f]{32}(?:-\\d)?"),
  prefixed("DigitalOcean token", "do[opr]_v1_[0-9a-f]{64}"),
  prefixed("Heroku key", "HRKU-[A-Za-z0-9_-]{30,70}"),
  prefixed("Shopify token", "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
  prefixed("Square token", "sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,43}|EAAA[A-Za-z0-9_-]{60}"),
  prefixed("Telegram token", "\\d{8,10}:AA[A-Za-z0-9_-]{33}"),
  prefixed(
    "Grafana token",
    "glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/]{32,400}={0,2}|eyJrIjoi[A-Za-z0-9+/]{20,400}={0,2}",
  ),
  prefixed("New Relic key", "NR(?:AK|II|IQ|RA|JS)-[A-Za-z0-9]{19,60}|[0-9a-f]{36}NRAL"),
  prefixed("Sentry token", "sntry[su]_[A-Za-z0-9+/=_-]{40,400}"),
  prefixed("Terraform token", "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{60,70}"),
  prefixed("Vault token", "hv[sbr]\\.[A-Za-z0-9_-]{24,300}|s\\.[A-Za-z0-9]{24}"),
  prefixed("age key", "AGE-SECRET-KEY-1[A-Z0-9]{58}"),
  prefixed("Doppler token", "dp\\.(?:pt|st|ct|sa|scim|audit)\\.[A-Za-z0-9_.-]{40,80}"),
  prefixed("Linear key", "lin_(?:api|oauth)_[A-Za-z0-9]{32,64}"),
  prefixed("Notion token", "ntn_[A-Za-z0-9]{40,60}|secret_[A-Za-z0-9]{43}"),
  prefixed("Postman key", "PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
  prefixed("Pulumi token", "pul-[0-9a-f]{40}"),
  prefixed("Docker token", "dckr_(?:pat|oat)_[A-Za-z0-9_-]{24,60}"),
  prefixed("Atlassian token", "AT[AC]TT3[A-Za-z0-9_=-]{60,300}"),
  prefixed("Figma token", "fig[dour]_[A-Za-z0-9_-]{36,60}"),
  prefixed("Fly token", "FlyV1 fm\\d[A-Za-z0-9_,=+/-]{60,2000}|fo1_[A-Za-z0-9_-]{40,60}"),
  prefixed("Supabase token", "sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{20,60}"),
  prefixed("PlanetScale token", "pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}"),
  prefixed("Alibaba key", "LTAI[A-Za-z0-9]{12,24}"),
  prefixed("Tencent key", "AKID[A-Za-z0-9]{32}"),
  prefixed("Airtable token", "pat[A-Za-z0-9]{14}\\.[0-9a-f]{64}"),
  prefixed("Dynatrace token", "dt0[a-z]\\d{2}\\.[A-Z0-9]{24}\\.[A-Z0-9]{64}"),
  prefixed("Dropbox token", "sl\\.[A-Za-z0-9_-]{60,1500}"),
  prefixed("Contentful token", "CFPAT-[A-Za-z0-9_-]{43}"),
  {
    kind: "signed address",
    pattern:
      /[?&](?:x-amz-(?:signature|credential|security-token)|x-goog-signature|sig|signature|token|access_token|key|api_key|apikey|code|auth|bearer|jwt|assertion)=(?<secret>[^\s&"'#]{4,2000})/gi,
  },
  {
    kind: "password option",
    pattern:
      /(?<=\s|^)--?(?:password|passwd|pass|token|secret|api-key)(?:\s{1,3}|=)(?<secret>"[^"\n]{1,300}"?|'[^'\n]{1,300}'?|[^\s-][^\s]{0,300})/gi,
  },
  {
    kind: "login and password",
    pattern: /\b(?:login|user)\s{1,4}[^\s]{1,100}\s{1,4}password\s{1,4}(?<secret>[^\s]{1,300})/gi,
  },
  {
    kind: "default of a secret",
    pattern: new RegExp(
      String.raw`\\{0,4}"[\w.-]{0,40}(?:password|passwd|secret|token|api_?key)[\w-]{0,20}\\{0,4}"\s{0,3}\{[^{}]{0,80}?\bdefault\s{0,3}=\s{0,3}${quotedValue}`,
      "gi",
    ),
    isSecret: isTelling,
  },
  {
    kind: "user and password",
    pattern:
      /\bcurl\b[^\n]{0,400}?\s(?:-u\s{0,3}|-U\s{0,3}|--(?:proxy-)?user(?:\s{1,3}|=))["']?(?<secret>[^\s:"']{1,100}:[^\s"']{1,200})/g,
  },
  {
    // Tools that take a password after one letter; another tool on the same line begins behind one of ";|&".
    kind: "password option",
    pattern:
      /\b(?:(?:mysql|mariadb)[a-z_-]{0,12}\b[^\n;|&]{0,300}?\s-p|(?:redis|valkey)-(?:cli|benchmark)\b[^\n;|&]{0,300}?\s-a\s{0,3}|(?:mongo(?:sh|dump|restore|export|import|stat|top)?|sshpass|(?:docker|podman|registry) login)\b[^\n;|&]{0,300}?\s-p\s{0,3})(?<secret>"[^"\n]{1,300}"?|'[^'\n]{1,300}'?|[^\s"'-][^\s"']{0,300})/g,
  },
  {
    // Queues have routing keys too, which read as words.
    kind: "PagerDuty key",
    pattern: new RegExp(
      `(?:routing|integration|service)[_-]?key${assigned}["'\\\\]{0,16}(?<secret>[A-Za-z0-9+_-]{20,64})`,
      "gi",
    ),
    isSecret: hasDigit,
  },
  {
    kind: "secret",
    pattern: /(?<![\w.-])_auth\s{0,3}=\s{0,3}["']?(?<secret>[^\s"']{4,4000})/gi,
    isSecret: isTelling,
  },
  {
    kind: "secret",
    pattern: new RegExp(`${secretName}${assigned}${quotedValue}`, "gi"),
    isSecret: isTelling,
  },
  { kind: "secret", pattern: new RegExp(`${secretName}${assigned}${bareValue}`, "gi"), isSecret: isTelling },
  {
    kind: "secret",
    pattern: new RegExp(`${shortSecretName}${assigned}${quotedValue}`, "gi"),
    isSecret: isTelling,
  },
  {
    // After a colon only what is no plain word: "second pass: merging".
    kind: "secret",
    pattern: new RegExp(
      `${shortSecretName}${endOfName}(?:=\\s{0,3}|:\\s{0,3}(?=\\S{0,100}\\d))${bareValue}`,
      "gi",
    ),
    isSecret: isNoCount,
  },
  {
    kind: "secret",
    pattern: new RegExp(
      String.raw`\b(?:password|passphrase|secret|token|api key)\s{1,3}(?:is|was)\s{1,3}["']?${bareValue}`,
      "gi",
    ),
    isSecret: (secret) => secret.length > 2 && hasDigit(secret),
  },
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

/** 13 to 19 digits as issuers give them out, with a right Luhn sum. Times in ms or ns begin with 1, cards do not. */
function isCardNumber(text: string): boolean {
  const digits = [...text.replace(/\D/g, "")].map(Number);
  if (digits.length < 13 || digits.length > 19 || !/^\s*[2-6]/.test(text)) return false;
  if (new Set(digits).size < 2) return false;
  const sum = digits.reverse().reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/**
 * An international bank account number: 15 to 34 characters with a right check sum.
 * @see https://www.iso.org/standard/81090.html (ISO 13616, with the sum of ISO 7064)
 */
function isAccountNumber(text: string): boolean {
  const bare = text.replaceAll(" ", "");
  if (bare.length < 15 || bare.length > 34) return false;
  const digits = [...`${bare.slice(4)}${bare.slice(0, 4)}`].map((char) => parseInt(char, 36)).join("");
  return [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1;
}

/** Letters and digits mixed, at 3.5 bits a character or more: random rather than a name. */
function isHighEntropy(text: string): boolean {
  if (!/\d/.test(text) || !/[A-Za-z]/.test(text)) return false;
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  const bits = [...counts.values()].reduce((sum, count) => {
    const share = count / text.length;
    return sum - share * Math.log2(share);
  }, 0);
  return bits >= 3.5;
}

function isTelling(value: string): boolean {
  return !harmless.test(value);
}

/** "pass: 12", "pass=3/4": how often something passed. */
function isNoCount(value: string): boolean {
  return isTelling(value) && !/^\d{1,3}(?:[/%.,)]\d{0,3})*$/.test(value);
}

function hasDigit(text: string): boolean {
  return /\d/.test(text);
}

/** Base64 of "user:password". */
function isUserAndPassword(text: string): boolean {
  return Buffer.from(text, "base64").toString("latin1").includes(":");
}
