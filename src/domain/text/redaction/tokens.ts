import { hasRandomRun, isEncodedKey, isNoWord } from "./checks.ts";
import { border, prefixed, type SecretPattern } from "./pattern.ts";

/** Private keys: their length is that of many lines, so they go before anything looks at a line. */
export const keyPatterns: readonly SecretPattern[] = [
  {
    kind: "private key",
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,16000}?(?:-----END [A-Z0-9 ]{0,40}-----|$)/g,
  },
  {
    // The end of a log whose start was cut off.
    kind: "private key",
    needs: /-----END [A-Z0-9 ]{0,40}PRIVATE KEY/,
    pattern:
      /^…?\s{0,4}[A-Za-z0-9+/=]{0,200}(?:\s{1,4}[A-Za-z0-9+/=]{1,200}){0,300}\s{1,4}-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g,
  },
  {
    // "-----BEGIN" in base64, as Kubernetes keeps files; wrapped after 64 or 76 characters or not at all.
    kind: "private key",
    pattern: /LS0tLS1CRUdJTi[A-Za-z0-9+/]{10,16000}(?:(?:\\n|\s{1,12})[A-Za-z0-9+/]{40,200}){0,200}={0,2}/g,
    isSecret: isEncodedKey,
  },
  {
    // PKCS #1 and #8, RSA and elliptic curves, without their first line.
    kind: "private key",
    pattern:
      /(?:MII[A-Za-z0-9+/]{2,4}(?:IBADANBgkqhki|IBAAKC)|MIGHAgEAMBMGByqGSM49|MHcCAQEE)[A-Za-z0-9+/]{20,16000}(?:(?:\\n|\s{1,12})[A-Za-z0-9+/]{40,200}){0,200}={0,2}/g,
  },
];

/** Tokens in the forms that their issuers give them. */
export const tokenPatterns: readonly SecretPattern[] = [
  prefixed(
    "encrypted web token",
    "eyJ[A-Za-z0-9_-]{5,2000}\\.[A-Za-z0-9_-]{0,2000}\\.[A-Za-z0-9_-]{8,200}\\.[A-Za-z0-9_-]{0,8000}\\.[A-Za-z0-9_-]{8,200}",
  ),
  prefixed(
    "JSON web token",
    "eyJ[A-Za-z0-9_-]{5,4000}\\.eyJ[A-Za-z0-9_-]{5,8000}(?:\\.[A-Za-z0-9_-]{0,2000})?",
  ),
  prefixed("AWS access key", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
  prefixed("AWS MWS key", "amzn\\.mws\\.[0-9a-f]{8}-[0-9a-f-]{27}"),
  prefixed("AWS Bedrock key", "ABSK[A-Za-z0-9+/]{60,200}={0,2}"),
  prefixed("Google API key", "AIza[A-Za-z0-9_-]{35}"),
  prefixed("Google client secret", "GOCSPX-[A-Za-z0-9_-]{28}"),
  prefixed("Google access token", "ya29\\.[A-Za-z0-9_-]{20,2000}"),
  prefixed("Google refresh token", "1//0[A-Za-z0-9_-]{30,200}"),
  prefixed("Azure client secret", "[A-Za-z0-9_~.]{3}\\dQ~[A-Za-z0-9_~.-]{31,34}"),
  { ...prefixed("Azure DevOps token", "[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"), needs: /AZDO/ },
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
  prefixed("OpenAI key", "sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,300}", hasRandomRun),
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
  {
    // Where it is used it stands in an address, behind "bot".
    kind: "Telegram token",
    pattern: /(?:(?<![A-Za-z0-9_])|(?<=bot|%2F))\d{8,10}(?::|%3A)AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9])/gi,
  },
  prefixed(
    "Grafana token",
    "glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/]{32,400}={0,2}|eyJrIjoi[A-Za-z0-9+/]{20,400}={0,2}",
  ),
  prefixed("New Relic key", "NR(?:AK|II|IQ|RA|JS)-[A-Za-z0-9]{19,60}|[0-9a-f]{36}NRAL"),
  prefixed("Tailscale key", "tskey-(?:[a-z]{2,12}-)?[A-Za-z0-9-]{16,100}"),
  prefixed("Buildkite token", "bk(?:ua|at|ct|pt|pat|aj)_[A-Za-z0-9]{32,80}"),
  prefixed("CircleCI token", "CCI(?:PAT|PRJ)_[A-Za-z0-9]{1,40}_[0-9a-f]{40}"),
  prefixed("Brevo key", "x(?:keysib|smtpsib)-[0-9a-f]{64}-[A-Za-z0-9]{16}"),
  prefixed("PostHog key", "phx_[A-Za-z0-9_]{30,80}"),
  prefixed("JFrog key", "AKCp[A-Za-z0-9]{60,80}|cmVmdGtu[A-Za-z0-9]{40,80}"),
  prefixed("LaunchDarkly key", "(?:sdk|mob)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
  prefixed("1Password token", "ops_eyJ[A-Za-z0-9_-]{40,4000}"),
  prefixed("Resend key", "re_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{20,30}"),
  prefixed("Prefect key", "pn[ub]_[A-Za-z0-9]{36}"),
  prefixed("Vercel token", "vercel_blob_rw_[A-Za-z0-9]{10,40}_[A-Za-z0-9]{20,60}"),
  prefixed("Cloudflare key", "v1\\.0-[0-9a-f]{24}-[0-9a-f]{100,160}"),
  prefixed("Mapbox token", "sk\\.eyJ[A-Za-z0-9_-]{10,400}\\.[A-Za-z0-9_-]{20,40}"),
  prefixed("Firebase key", "AAAA[A-Za-z0-9_-]{7}:APA91b[A-Za-z0-9_-]{100,200}"),
  prefixed("LangSmith key", "lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
  prefixed("Pinecone key", "pcsk_[A-Za-z0-9_]{40,100}"),
  prefixed("NVIDIA key", "nvapi-[A-Za-z0-9_-]{40,100}"),
  prefixed("Netlify token", "nf[pc]_[A-Za-z0-9]{36}"),
  prefixed("OpenShift token", "sha256~[A-Za-z0-9_-]{43}"),
  prefixed("Sentry token", "sntry[su]_[A-Za-z0-9+/=_-]{40,400}"),
  { ...prefixed("Terraform token", "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{60,70}"), needs: /atlasv1/ },
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
    // The start of one, where its end was cut off or stands on another line. These prefixes are nobody's words.
    kind: "token",
    pattern: new RegExp(
      `(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|AKIA(?=[A-Z2-7]{4})|${border}(?:gl(?:dt|rt|cbt)-|xapp-\\d-|sk-(?:ant|proj|or)-|[sr]k_live_|whsec_|shp(?:at|ca|pa|ss)_|dckr_pat_|glsa_|dop_v1_|lin_api_|sntrys_|hvs\\.|ya29\\.|AIza|GOCSPX-|ASIA(?=[A-Z]{0,12}[2-7])|pypi-AgEI|ATATT3|eyJhbGciOi|tskey-))(?<secret>[A-Za-z0-9_.-]{4,300}(?:[\\s\\u00ad\\u034f\\u200b-\\u200f\\u2060\\ufeff]{1,20}(?=[a-z_-]{0,40}[A-Z0-9])(?=[A-Z0-9_-]{0,40}[a-z])[A-Za-z0-9_-]{8,300}(?![A-Za-z0-9/.:=]))?)`,
      "g",
    ),
    isSecret: isNoWord,
  },
];
