/**
 * Requests to the bot. Problems come back as {@link ApiError} with what went wrong and what to do.
 * @typedef {import("../../src/adapters/chat/console/wire.ts").WireMessage} WireMessage
 * @typedef {import("../../src/adapters/chat/console/wire.ts").WireView} WireView
 * @typedef {import("../../src/adapters/chat/console/wire.ts").WireBlock} WireBlock
 * @typedef {import("../../src/adapters/chat/console/wire.ts").WireSpan} WireSpan
 * @typedef {import("../../src/adapters/chat/console/complete.ts").Completion} Completion
 * @typedef {import("../../src/ports/chat.ts").CommandForm} CommandForm
 * @typedef {import("../../src/adapters/chat/console/page-wire.ts").WirePage} WirePage
 * @typedef {import("../../src/adapters/chat/console/page-wire.ts").WirePageBlock} WirePageBlock
 * @typedef {import("../../src/adapters/chat/console/desk.ts").WireRefusal} WireRefusal
 * @typedef {{ id: string, name: string, roles: readonly string[] }} PagePerson
 * @typedef {import("../../src/adapters/chat/console/desk.ts").PageState & {
 *   you: PagePerson | null, mode: "open" | "token", people: readonly PagePerson[], lagMs: number | null, now: string,
 * }} PageState
 * @typedef {import("../../src/adapters/chat/console/desk.ts").PageChannel} PageChannel
 */

const timeoutMs = 15_000;

export class ApiError extends Error {
  /**
   * @param {number} status - 0 when the bot could not be reached.
   * @param {string} problem
   * @param {string} remedy
   * @param {string | undefined} [reference] - finds it in the bot's log.
   */
  constructor(status, problem, remedy, reference) {
    super(`${problem} ${remedy}${reference === undefined ? "" : ` (reference ${reference})`}`.trim());
    this.status = status;
  }
}

/**
 * @param {string} channel - "" for the first one.
 * @returns {Promise<PageState>}
 */
export function getState(channel) {
  return call("GET", `/api/state?channel=${encodeURIComponent(channel)}`);
}

/** @returns {Promise<{ channels: readonly PageChannel[] }>} */
export function getChannels() {
  return call("GET", "/api/channels");
}

/**
 * @param {string} channel
 * @param {number} before
 * @returns {Promise<{ messages: readonly WireMessage[], hasEarlier: boolean }>}
 */
export function getEarlier(channel, before) {
  return call("GET", `/api/messages?channel=${encodeURIComponent(channel)}&before=${before}`);
}

/**
 * @param {number} id
 * @returns {Promise<{ card: WireMessage, messages: readonly WireMessage[] }>}
 */
export function getThread(id) {
  return call("GET", `/api/threads/${id}`);
}

/**
 * The card of something in a channel of the console.
 * @param {"incident" | "rollout"} kind
 * @param {number} subject
 * @returns {Promise<{ id: number, channel: string }>}
 */
export function getCard(kind, subject) {
  return call("GET", `/api/cards/${kind}s/${subject}`);
}

/**
 * @param {string} address - path and query of a page: "/incidents?state=open".
 * @param {AbortSignal} signal
 * @returns {Promise<WirePage>}
 */
export function getPage(address, signal) {
  return call("GET", `/api/pages${address}`, undefined, signal);
}

/**
 * @param {string} line
 * @param {AbortSignal} signal
 * @returns {Promise<Completion>}
 */
export function getCompletion(line, signal) {
  return call("POST", "/api/complete", { line }, signal);
}

/**
 * The form of a line's command, filled with what is known; null when it has none. A refusal for whoever may not use it.
 * @param {{ text: string, channel: string, thread: number | null }} said
 * @returns {Promise<{ form: CommandForm | null, refusal: WireRefusal | null }>}
 */
export function getForm(said) {
  return call("POST", "/api/form", said);
}

/**
 * @param {{ key: string, text: string, channel: string, thread: number | null, person?: string }} command
 * @returns {Promise<{ request: string }>}
 */
export function sendCommand(command) {
  return call("POST", "/api/command", command);
}

/** @param {string} person */
export function switchPerson(person) {
  return call("POST", "/api/person", { person });
}

/** @param {string} token */
export function signIn(token) {
  return call("POST", "/api/sign-in", { token });
}

export function signOut() {
  return call("POST", "/api/sign-out", {});
}

/**
 * @param {"GET" | "POST"} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>} What the route's own type says: the page and the bot are released together.
 */
async function call(method, path, body, signal) {
  const timeout = AbortSignal.timeout(timeoutMs);
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "The bot cannot be reached.", "Check that it runs and that you are online.");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw new ApiError(
    response.status,
    answer?.problem ?? `The bot answered ${response.status}.`,
    answer?.remedy ?? "Try again.",
    answer?.reference,
  );
}
