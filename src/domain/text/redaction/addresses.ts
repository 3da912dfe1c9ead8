import { isMixed } from "./checks.ts";
import type { SecretPattern } from "./pattern.ts";

/** Credentials in addresses: of databases, of web hooks, of what is signed. */
export const addressPatterns: readonly SecretPattern[] = [
  {
    kind: "connection password",
    // A slash in what follows the colon is no password where a port stands before it.
    pattern:
      /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/@"'[]{0,200}:(?<secret>[^\s/"']{1,300}|(?!\d{1,5}[/,?#])[^\s"']{1,300})@(?=[^\s@]{1,300})/gi,
  },
  {
    kind: "connection password",
    needs: /@(?:tcp|udp|unix|cloudsql)/i,
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
  {
    // The end of the address was cut off, so the "@" is missing; a number there is a port.
    kind: "connection password",
    pattern: /\b[a-z][a-z0-9+.-]{1,30}:\/\/[\w.%-]{1,100}:(?!\d{0,5}…)(?<secret>[^\s/"'@?…]{1,300})(?=…)/gi,
  },
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
  {
    kind: "PagerDuty key",
    pattern: /\/integration\/(?<secret>[A-Za-z0-9]{20,64})(?![A-Za-z0-9_-])/g,
    isSecret: isMixed,
  },
  {
    // Mattermost, Rocket.Chat, and a "hook" of Feishu or Lark.
    kind: "webhook",
    pattern:
      /\/hooks?\/(?<secret>[A-Za-z0-9]{17,64}(?:\/[A-Za-z0-9]{20,80})?|[0-9a-f]{8}-[0-9a-f-]{27})(?![A-Za-z0-9_-])/g,
    isSecret: isMixed,
  },
  {
    kind: "webhook",
    pattern:
      /(?:hooks\.zapier\.com\/hooks\/catch|hc-ping\.com|maker\.ifttt\.com\/trigger\/\w{1,80}\/with\/key|alert\.victorops\.com\/integrations\/generic\/\d{1,12}\/alert)\/(?<secret>[A-Za-z0-9/_-]{8,120})/gi,
  },
  {
    kind: "signed address",
    pattern:
      /[?&](?:x-amz-(?:signature|credential|security-token)|x-goog-signature|sig|signature|token|access_token|key|api_key|apikey|code|auth|bearer|jwt|assertion)=(?<secret>[^\s&"'#]{4,2000})/gi,
  },
];
