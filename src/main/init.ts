/** `tocsin init`: a first tocsin.yaml, with a webhook token that is shown once and kept as its hash. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";

const file = "tocsin.yaml";

/** @throws Error when there is a tocsin.yaml and it may not be replaced. */
export async function init(options: { readonly force?: boolean }): Promise<void> {
  if (existsSync(file) && options.force !== true)
    throw new Error(`${file} is there already; tocsin init --force replaces it`);
  const webhookToken = randomBytes(24).toString("base64url");
  writeFileSync(file, template(sha256(webhookToken)), { mode: 0o600 });
  console.log(`wrote ${file}

Webhook token, shown only now:  ${webhookToken}

Point an Alertmanager here:

receivers:
  - name: tocsin
    webhook_configs:
      - url: http://127.0.0.1:8080/webhooks/alertmanager
        http_config: { authorization: { credentials: "${webhookToken}" } }

Then: npm start, and npx tocsin doctor when something is missing.`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function template(webhook: string): string {
  return `# Every key: docs/configuration.md. Tokens are kept as hashes: printf %s "$TOKEN" | sha256sum

sources:
  alertmanager: { bearer: "sha256:${webhook}" }
  grafana: { bearer: "sha256:${webhook}" }
  changes: { bearer: "sha256:${webhook}" }
  topology: { bearer: "sha256:${webhook}" }

people:
  # slack: and discord: are account ids there; console: "sha256:…" is needed once HOST is not loopback.
  oncall: { name: On call, roles: [sre] }
  sre-lead: { name: SRE lead, roles: [sre, approver] }
  # ml-engineer: { name: ML engineer, roles: [ml-engineer], slack: U0123ABCD, discord: "112233445566778899" }

# channels:
#   - { to: slack:C0123ABCD, match: ['severity=~"critical|high"'] }

# digests:
#   - { name: daily, cron: "0 9 * * 1-5", timezone: UTC, to: ["slack:C0123ABCD"] }
`;
}
