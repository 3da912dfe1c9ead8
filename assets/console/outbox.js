/**
 * Commands on their way: shown at once, sent, and waited for. One that could not be sent can be sent again under the
 * same key, so that the bot takes it once however often it arrives.
 * @import { Echo } from "./cards.js"
 */
import { ApiError, sendCommand } from "./api.js";
import { renderEcho } from "./cards.js";
import { announce } from "./dom.js";

/**
 * @typedef {object} Errand
 * @property {string} key
 * @property {string} line
 * @property {string} channel
 * @property {number | null} thread - the card in whose thread the answer belongs.
 * @property {HTMLButtonElement | null} button - held until the answer is here.
 * @property {Echo} echo
 * @property {ReturnType<typeof setTimeout> | undefined} timer
 */

const slowAfterMs = 8_000;
const keptLines = 300;

/**
 * @param {{ place: (errand: Errand) => void, person: () => string | null, dropped: () => void,
 *   signedOut: (error: unknown) => void }} handlers
 */
export function createOutbox(handlers) {
  /** @type {Map<string, Errand>} */
  const errands = new Map();
  /** What was sent from this page, by key. @type {Map<string, string>} */
  const lines = new Map();

  /**
   * @param {string} line
   * @param {{ channel: string, thread: number | null, button: HTMLButtonElement | null }} where
   */
  function send(line, where) {
    const key = randomKey();
    const echo = renderEcho(line, () => {
      settle(key);
      handlers.dropped();
    });
    /** @type {Errand} */
    const errand = { key, line, ...where, echo, timer: undefined };
    lines.set(key, line);
    if (lines.size > keptLines) lines.delete(lines.keys().next().value ?? "");
    errands.set(key, errand);
    handlers.place(errand);
    void attempt(errand);
  }

  /** @param {Errand} errand */
  async function attempt(errand) {
    const { key, line, channel, thread, echo, button } = errand;
    const person = handlers.person();
    echo.working("sending");
    try {
      await sendCommand({ key, text: line, channel, thread, ...(person === null ? {} : { person }) });
      if (!errands.has(key)) return;
      echo.working("working");
      errand.timer = setTimeout(() => {
        echo.working("no answer yet; it is kept and will be done");
        button?.removeAttribute("aria-disabled");
      }, slowAfterMs);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      button?.removeAttribute("aria-disabled");
      echo.failed(problem, () => void attempt(errand));
      announce(`Not sent. ${problem}`);
      if (error instanceof ApiError && error.status === 401) handlers.signedOut(error);
    }
  }

  /** The answer is here, or nobody waits for it any more. @param {string} key */
  function settle(key) {
    const errand = errands.get(key);
    if (errand === undefined) return;
    clearTimeout(errand.timer);
    errand.echo.element.remove();
    errand.button?.removeAttribute("aria-disabled");
    errands.delete(key);
  }

  return {
    send,
    settle,
    /** After the cards were drawn anew. */
    placeAgain() {
      for (const errand of errands.values()) if (!errand.echo.element.isConnected) handlers.place(errand);
    },
    /** @param {string} key */
    lineOf: (key) => lines.get(key) ?? null,
  };
}

/** Random also on plain http, where crypto.randomUUID is missing. */
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
