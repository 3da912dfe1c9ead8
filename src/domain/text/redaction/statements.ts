import { hasDigit, isMixed, isNoCount, isNoFiller } from "./checks.ts";
import type { SecretPattern } from "./pattern.ts";
import { optionValue } from "./values.ts";

/** Tools that take a password after one letter; another tool on the same line begins behind one of ";|&". */
const toolOptions = [
  ["(?:mysql|mariadb)[a-z_-]{0,12}", "-p"],
  ["(?:redis|valkey)-(?:cli|benchmark)", "-a\\s{0,3}"],
  [
    "(?:mongo(?:sh|dump|restore|export|import|stat|top)?|sshpass|cqlsh|cypher-shell|psexec|(?:docker|podman|registry|az) login)",
    "-p\\s{0,3}",
  ],
  ["ldap(?:search|modify|add|delete|whoami|passwd|compare)", "-w\\s{0,3}"],
  ["(?:sqlcmd|osql|bcp|ipmitool|mosquitto_(?:pub|sub|rr))", "-P\\s{0,3}"],
  ["snmp(?:walk|get|getnext|bulkwalk|bulkget|set|table|status|trap)", "-[cAX]\\s{0,3}"],
  ["(?:smbclient|smbget|smbmap|rpcclient)", "-U\\s{0,3}[^\\s%\"']{1,100}%"],
].map(([tool, option]) => `${tool}\\b[^\\n;|&]{0,300}?\\s${option}`);

/** Command lines, SQL and lines of configuration that name no "password =". */
export const statementPatterns: readonly SecretPattern[] = [
  {
    kind: "password option",
    pattern:
      /(?<=\s|^|["'])--?(?!no-)(?:[a-z]{1,20}-){0,3}(?:password|passwd|passphrase|pass|token|secret|api-key|secret-key|setcookie|storepass|keypass)(?:\s{1,3}|=)(?<secret>"[^"\n]{1,300}"?|'[^'\n]{1,300}'?|[^\s-][^\s]{0,300})/gi,
  },
  {
    kind: "login and password",
    pattern: /\b(?:login|user)\s{1,4}[^\s]{1,100}\s{1,4}password\s{1,4}(?<secret>[^\s]{1,300})/gi,
    isSecret: isNoFiller,
  },
  {
    kind: "user and password",
    pattern:
      /\bcurl\b[^\n]{0,400}?\s(?:-u\s{0,3}|-U\s{0,3}|--(?:proxy-)?user(?:\s{1,3}|=))["']?(?<secret>[^\s:"']{1,100}:[^\s"']{1,200})/g,
  },
  {
    kind: "password option",
    pattern: new RegExp(`\\b(?:${toolOptions.join("|")})${optionValue}`, "g"),
    isSecret: (secret) => isNoFiller(secret) && isNoCount(secret),
  },
  {
    kind: "password option",
    pattern: /--from-literal(?:=|\s{1,3})["']?[\w.-]{1,80}=(?<secret>[^\s"']{1,300})/g,
  },
  {
    kind: "password",
    pattern:
      /\b(?:rabbitmqctl\b[^\n;|&]{0,80}?\s(?:add_user|change_password|authenticate_user)|htpasswd\s{1,3}-\w{0,6}b\w{0,6}\s{1,3}\S{1,200})\s{1,3}["']?[^\s"']{1,100}["']?\s{1,3}["']?(?<secret>[^\s"']{1,200})/g,
  },
  {
    kind: "password",
    needs: /chpasswd/,
    pattern: /\b[\w.-]{1,40}:(?<secret>[^\s"']{1,200})["']?\s{0,3}\|\s{0,3}(?:sudo\s{1,3})?chpasswd\b/g,
  },
  {
    kind: "password in SQL",
    pattern:
      /\b(?:identified\s{1,5}(?:with\s{1,5}\S{1,60}\s{1,5})?(?:by|as)(?:\s{1,5}password)?|(?:with|encrypted|set|login|user)\s{1,5}password|\bpassword\s{0,3}\()\s{0,5}(?<secret>'[^'\n]{1,300}'?|"[^"\n]{1,300}"?)/gi,
  },
  {
    // Without quotes "identified by" is prose unless it is a statement.
    kind: "password in SQL",
    pattern:
      /\b(?:create|alter)\s{1,5}(?:user|role)\b[^\n;]{0,200}?\bidentified\s{1,5}by\s{1,5}(?<secret>[^\s'";]{1,300})/gi,
  },
  {
    kind: "password",
    pattern: /\b(?:password|passphrase|passwd)\s{1,3}["'“](?<secret>[^"'”\n]{1,300})["'”]/gi,
    isSecret: hasDigit,
  },
  {
    kind: "password",
    pattern:
      /\b(?:requirepass|masterauth|auth-pass\s{1,3}[\w.-]{1,80})\s{1,8}["']?(?<secret>[^\s"']{1,300})/gi,
    isSecret: isNoFiller,
  },
  {
    // Redis, and SMTP with a mechanism.
    kind: "password",
    pattern: /\bAUTH\s{1,3}(?:(?:PLAIN|LOGIN|XOAUTH2)\s{1,3})?(?<secret>[^\s"':]{6,400})/g,
    isSecret: isMixed,
  },
  { kind: "password", pattern: /\bsetuser\s{1,3}\S{1,80}\s[^\n]{0,100}?>(?<secret>[^\s"']{1,300})/gi },
  {
    kind: "password",
    pattern:
      /\.pgpass\b[^\n]{0,100}?(?:\s|^)[\w.*-]{1,200}:(?:\d{1,5}|\*):[^:\s]{1,60}:[^:\s]{1,60}:(?<secret>\S{1,200})/g,
  },
  {
    kind: "password",
    pattern: /\bvault\s{1,3}(?:login|(?:operator\s{1,3})?unseal)\s{1,3}(?<secret>[A-Za-z0-9+/=._-]{16,300})/g,
  },
  {
    kind: "password",
    pattern: /\becho\s{1,3}["']?(?<secret>[^\s"'|]{1,200})["']?\s{0,3}\|\s{0,3}sudo\s{1,3}-\w{0,4}S/g,
  },
  {
    // "with password Zq7v… failed": three kinds of characters in a row are no word of prose.
    kind: "password",
    pattern: /\b(?:password|passphrase|passwd|pw)\s{1,3}(?<secret>[^\s"'|;,:=()[\]]{8,200})/gi,
    isSecret: (secret) => isMixed(secret) && /[a-z]/.test(secret) && /[A-Z]/.test(secret),
  },
  {
    // Of routers: the digit says how the password is hidden, which for most is not at all.
    kind: "password",
    pattern: /\b(?:password|secret|key)\s[05789]\s(?<secret>\S{6,200})/gi,
    isSecret: isMixed,
  },
  { kind: "password", pattern: /\bsnmp-server\s{1,3}community\s{1,3}(?<secret>\S{1,100})/gi },
  {
    kind: "password hash",
    pattern: /\$(?:1|2[abxy]|5|6|y|argon2(?:id?|d))\$(?<secret>[./A-Za-z0-9$=,+]{20,300})/g,
  },
];
