/** The secrets that Slack knows the bot by. Each may be another one later on. */
import { type Secret, secretOf } from "../../../ports/secret.ts";

export interface SlackSecrets {
  readonly botToken: Secret;
  /** Null in HTTP mode. */
  readonly appToken: Secret | null;
  /** Empty in Socket Mode, unless it is set all the same. */
  readonly signingSecret: Secret;
}

/** @throws Error when one has the wrong form or there is no way to receive requests. */
export function secretsOf(given: {
  readonly botToken: Secret | string;
  readonly appToken?: Secret | string | undefined;
  readonly signingSecret?: Secret | string | undefined;
}): SlackSecrets {
  const botToken = secretOf("SLACK_BOT_TOKEN", given.botToken);
  const appToken = given.appToken === undefined ? null : secretOf("SLACK_APP_TOKEN", given.appToken);
  const signingSecret = secretOf("SLACK_SIGNING_SECRET", given.signingSecret ?? "");
  if (!botToken.current().startsWith("xoxb-"))
    throw new Error(`slack: SLACK_BOT_TOKEN is "${beginning(botToken)}"; expected a bot token, "xoxb-…"`);
  if (appToken !== null && !appToken.current().startsWith("xapp-"))
    throw new Error(
      `slack: SLACK_APP_TOKEN is "${beginning(appToken)}"; expected an app-level token, "xapp-…"`,
    );
  if (appToken === null && signingSecret.current() === "")
    throw new Error(
      "slack: no way to receive commands: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode)",
    );
  return { botToken, appToken, signingSecret };
}

function beginning(secret: Secret): string {
  return `${secret.current().slice(0, 5)}…`;
}

/** For the SDK's socket client, which keeps the token that it was made with: its calls go out with the one of now. */
export function fetchWith(token: Secret): typeof fetch {
  return (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set("authorization", `Bearer ${token.current()}`);
    return fetch(url, { ...init, headers });
  };
}
