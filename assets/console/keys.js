/**
 * The keyboard of the whole page; the command line's own keys are in composer.js.
 * @import { WireMessage } from "./api.js"
 */

/**
 * @typedef {object} KeyTargets
 * @property {() => boolean} isReady
 * @property {() => boolean} areSingleKeysOn
 * @property {() => void} openShortcuts
 * @property {ReturnType<typeof import("./channel.js").createChannelView>} channel
 * @property {ReturnType<typeof import("./page.js").createPageView>} pages
 * @property {ReturnType<typeof import("./thread.js").createThreadView>} thread
 * @property {ReturnType<typeof import("./composer.js").createComposer>} composer
 * @property {ReturnType<typeof import("./side.js").createSide>} side
 * @property {(message: WireMessage) => void} openThread
 */

/** @param {KeyTargets} targets */
export function listenForKeys(targets) {
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") !== null || !targets.isReady()) return;
    const isTyping =
      event.target instanceof Element && event.target.closest("input, select, textarea") !== null;
    if (event.key === "Escape") closeTopmost(targets, isTyping);
    else if (!onChord(targets, event) && !isTyping) onSingleKey(targets, event);
  });
}

/**
 * Closes one thing: the menu, else the thread, else lets go of the command line.
 * @param {KeyTargets} targets
 * @param {boolean} isTyping
 */
function closeTopmost({ side, thread }, isTyping) {
  if (side.close()) return;
  if (thread.openId() !== null) thread.close();
  else if (isTyping && document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

/**
 * @param {KeyTargets} targets
 * @param {KeyboardEvent} event
 * @returns {boolean} whether a key was held with it, so that it is no single key.
 */
function onChord({ composer, side }, event) {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    composer.focus();
  } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    side.step(event.key === "ArrowUp" ? -1 : 1);
  }
  return event.ctrlKey || event.metaKey || event.altKey;
}

/**
 * @param {KeyTargets} targets
 * @param {KeyboardEvent} event
 */
function onSingleKey(targets, event) {
  const { channel, composer, openThread, pages } = targets;
  const list = pages.isOpen() ? pages : channel;
  const card = channel.focused();
  const isOnCard = event.target instanceof HTMLElement && event.target.matches("#cards > article");
  if (event.key === "Enter" && isOnCard && card !== null && !card.isPrivate) openThread(card);
  if (!targets.areSingleKeysOn()) return;
  if (event.key === "/") {
    event.preventDefault();
    composer.fill("/");
  } else if (event.key === "j") list.focusNext(1);
  else if (event.key === "k") list.focusNext(-1);
  else if (event.key === "o" && card !== null && !card.isPrivate) openThread(card);
  else if (event.key === "?") targets.openShortcuts();
}
