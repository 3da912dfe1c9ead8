/**
 * The state of the connection, small at the top: whether what one sees is true now.
 * @import { LiveState } from "./live.js"
 */
import { announce, byId } from "./dom.js";

const noticeableMs = 2_000;
const worryingMs = 10_000;
let spoken = "live";
/** @type {ReturnType<typeof setInterval> | undefined} */
let countdown;

/**
 * @param {LiveState} state
 * @param {() => void} retry
 */
export function showStatus(state, retry) {
  const box = byId("status", HTMLElement);
  clearInterval(countdown);
  const { mark, text } = wordsOf(state);
  box.dataset["state"] = mark;
  byId("status-text", HTMLElement).textContent = text;
  box.onclick = state.kind === "lost" ? retry : null;
  if (state.kind === "lost") countdown = setInterval(() => tick(state), 1_000);
  speak(state);
}

/** @param {LiveState} state */
function tick(state) {
  byId("status-text", HTMLElement).textContent = wordsOf(state).text;
}

/**
 * @param {LiveState} state
 * @returns {{ mark: "live" | "behind" | "lost" | "connecting", text: string }}
 */
function wordsOf(state) {
  if (state.kind === "connecting") return { mark: "connecting", text: "Connecting" };
  if (state.kind === "asleep") return { mark: "connecting", text: "Asleep" };
  if (state.kind === "lost") {
    const seconds = Math.max(0, Math.round((state.retryAt - Date.now()) / 1000));
    return { mark: "lost", text: `Not live · again in ${seconds} s` };
  }
  if (state.status?.isStoreAway) return { mark: "lost", text: "Live · database away" };
  const lagMs = state.status?.lagMs ?? 0;
  if (lagMs < noticeableMs) return { mark: "live", text: "Live" };
  return {
    mark: lagMs > worryingMs ? "lost" : "behind",
    text: `Live · alerts ${Math.round(lagMs / 1000)} s behind`,
  };
}

/** Only losing and regaining is said aloud; the first connection is no news. @param {LiveState} state */
function speak(state) {
  if (state.kind === spoken || (state.kind !== "lost" && state.kind !== "live")) return;
  spoken = state.kind;
  announce(state.kind === "lost" ? "Connection lost. Cards may be out of date." : "Connected again.");
}
