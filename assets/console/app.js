/**
 * The console's page: puts the parts together.
 * @import { PageState, WireMessage, WireView } from "./api.js"
 * @import { LiveState } from "./live.js"
 */
import { ApiError, getCard, getChannels, getEarlier, getForm, getState } from "./api.js";
import { renderEcho, renderPrivate } from "./cards.js";
import { createChannelView } from "./channel.js";
import { createComposer } from "./composer.js";
import { askFirst, createShortcuts, createThemeButton, showRefusal } from "./dialogs.js";
import { announce, byId } from "./dom.js";
import { fillIn } from "./forms.js";
import { createGate } from "./gate.js";
import { listenForKeys } from "./keys.js";
import { createLive } from "./live.js";
import { createOutbox } from "./outbox.js";
import { createPageView } from "./page.js";
import { pathParts } from "./place.js";
import { createSide } from "./side.js";
import { showStatus } from "./status.js";
import { renderTeaching } from "./teach.js";
import { createThreadView } from "./thread.js";
import { keepTimesFresh } from "./time.js";
import { toneWord } from "./view.js";

/** @type {PageState | null} */
let page = null;
/** Private messages of every channel, by id. @type {Map<number, WireMessage>} */
const privates = new Map();
/** Private messages the reader has dismissed. @type {Set<number>} */
const dismissed = new Set();
const outbox = createOutbox({
  place: placeEcho,
  person: () => page?.you?.id ?? null,
  dropped: () => showTeaching(),
  signedOut: (error) => gate.showProblem(error),
});
const handlers = { press, openThread, dismiss, askedBy, loadEarlier };
const channel = createChannelView(handlers);
const thread = createThreadView({ ...handlers, closed: onThreadClosed, privatesOf });
const composer = createComposer({ send: (line) => sendLine(line) });
const pages = createPageView({
  press: (action, button, block) => void pressOnPage(action, button, block.subject),
  go: (address) => void go(address),
  titled: (title) => side.showPage({ name: location.pathname.split("/")[1] ?? "", title }),
  signedOut(error) {
    const isSignedOut = error instanceof ApiError && error.status === 401;
    if (isSignedOut) gate.showProblem(error);
    return isSignedOut;
  },
});
const side = createSide({
  open: (id) => void openChannel(id, null),
  reload: () => void start(),
  read: () => newestShown(),
});
const gate = createGate({ retry: () => void start() });
const shortcuts = createShortcuts();
const live = createLive({
  message: onMessage,
  state: onLiveState,
  hello: onHello,
  reload: async () => (await load(page?.channel ?? "")).revision,
  peek: async () => side.showChannels((await getChannels()).channels),
});

createThemeButton();
keepTimesFresh();
listenForKeys({
  isReady: () => page !== null,
  areSingleKeysOn: shortcuts.areSingleKeysOn,
  openShortcuts: shortcuts.open,
  channel,
  pages,
  thread,
  composer,
  side,
  openThread,
});
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-internal]") : null;
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  void go(link.getAttribute("href") ?? "/");
});
addEventListener("popstate", () => void followPath("stay"));
void start();

/** Loads everything and goes where the address says. */
async function start() {
  live.stop();
  privates.clear();
  const { page: first } = pathParts();
  if (first !== undefined) pages.begin(first);
  try {
    const state = await load(pathParts().channel ?? "");
    live.start(state.revision);
    // A page that has just been loaded begins at its top, where the links are that skip.
    await followPath(first === undefined ? "focus" : "stay");
  } catch (error) {
    gate.showProblem(error);
  }
}

/**
 * @param {string} id
 * @returns {Promise<PageState>}
 */
async function load(id) {
  try {
    const state = await getState(id);
    gate.showApp();
    show(state);
    return state;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) gate.showProblem(error);
    throw error;
  }
}

/** @param {PageState} state */
function show(state) {
  const isSwitch = page?.channel !== state.channel;
  page = state;
  privates.clear();
  for (const message of state.privates) privates.set(message.id, message);
  side.show(state);
  const own = [...privates.values()].filter(
    (message) => message.channel === state.channel && message.thread === null && !dismissed.has(message.id),
  );
  const all = [...state.messages, ...own].sort((a, b) => a.id - b.id);
  channel.reset(all, {
    hasEarlier: state.hasEarlier,
    newSince: isSwitch ? side.lastRead(state.channel) : null,
  });
  for (const message of privates.values()) if (message.thread !== null) placePrivate(message);
  outbox.placeAgain();
  showTeaching();
  composer.setWhere(`#${state.channel}`);
  const open = thread.openId();
  if (open !== null) void thread.open(open, "stay").catch(() => thread.close());
  markRead();
}

// ---------- where one is ----------

/** @param {"focus" | "stay"} focus */
async function followPath(focus) {
  const parts = pathParts();
  if (parts.page !== undefined) {
    if (thread.openId() !== null) thread.close();
    composer.setWhere(`#${page?.channel ?? ""}`);
    return await pages.open(parts.page, focus);
  }
  const wasPage = pages.isOpen();
  pages.close();
  side.showPage(null);
  try {
    const id = parts.channel ?? page?.channels[0]?.id ?? "";
    // What was asked on a page was answered there; the channel shows it too.
    if (page?.channel !== id || wasPage) await load(id);
    if (parts.message === undefined) thread.close();
    else await showThread(parts.message, focus);
  } catch (error) {
    showNotice(error);
  }
}

/** @param {string} address - path and query. */
async function go(address) {
  side.close();
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
  await followPath("focus");
}

/**
 * @param {string} id
 * @param {number | null} message
 */
async function openChannel(id, message) {
  const path = `/channels/${encodeURIComponent(id)}${message === null ? "" : `/${message}`}`;
  if (path !== location.pathname) history.pushState(null, "", path);
  await followPath("focus");
}

/** @param {WireMessage} message */
function openThread(message) {
  void openChannel(message.channel, message.id);
}

/**
 * @param {number} id
 * @param {"focus" | "stay"} focus
 */
async function showThread(id, focus) {
  const card = await thread.open(id, focus);
  channel.reveal(id);
  composer.setWhere(`#${card.channel} · thread`);
}

/** @param {number} card */
function onThreadClosed(card) {
  if (page === null || pathParts().page !== undefined) return;
  const path = `/channels/${encodeURIComponent(page.channel)}`;
  if (pathParts().message !== undefined) history.pushState(null, "", path);
  composer.setWhere(`#${page.channel}`);
  for (const message of privatesOf(card)) placePrivate(message);
  channel.focusThreadLink(card);
}

/** @param {number} before */
async function loadEarlier(before) {
  if (page === null) return;
  try {
    const found = await getEarlier(page.channel, before);
    channel.prepend(found.messages, found.hasEarlier);
  } catch (error) {
    showNotice(error);
  }
}

// ---------- what comes in ----------

/** @param {WireMessage} message */
function onMessage(message) {
  if (message.answers !== null) outbox.settle(message.answers);
  if (message.isPrivate) privates.set(message.id, message);
  else pages.refreshSoon();
  if (pages.isOpen() && message.isPrivate) {
    pages.answer(renderPrivate(message, handlers, askedBy(message)));
    announce(`Only you: ${message.view.summary}`);
    return;
  }
  if (message.isPrivate && message.thread !== null) {
    placePrivate(message);
    announce(`Only you: ${message.view.summary}`);
    return;
  }
  if (message.thread !== null) {
    if (thread.openId() === message.thread) thread.put(message);
    channel.countReply(message);
    return;
  }
  if (thread.openId() === message.id) thread.putCard(message);
  if (page === null || message.channel !== page.channel) {
    side.arrived(message);
    return;
  }
  const before = channel.get(message.id);
  if (channel.put(message) === "same") return;
  tell(message, before);
  channel.notice(message);
  showTeaching();
  side.arrived(message);
  markRead();
}

/**
 * New cards and private answers are read out; of an edit only a change of tone is news.
 * @param {WireMessage} message
 * @param {WireMessage | null} before
 */
function tell(message, before) {
  if (before === null) announce(`${message.isPrivate ? "Only you: " : ""}${message.view.summary}`);
  else if (before.view.tone !== message.view.tone) {
    announce(`${toneWord(message.view)}: ${message.view.title}`);
  }
}

/** @param {string | null} person */
function onHello(person) {
  if (page !== null && person !== (page.you?.id ?? null)) void start();
}

/** @param {LiveState} state */
function onLiveState(state) {
  showStatus(state, live.retry);
}

/** Private answers in a thread stand in it while it is open, else below its card. @param {WireMessage} message */
function placePrivate(message) {
  if (dismissed.has(message.id) || message.thread === null) return;
  if (thread.openId() === message.thread) thread.put(message);
  else if (page?.channel === message.channel) {
    channel.under(message.thread, renderPrivate(message, handlers, askedBy(message)));
  }
}

/** @param {number} card */
function privatesOf(card) {
  return [...privates.values()].filter((message) => message.thread === card && !dismissed.has(message.id));
}

/** @param {WireMessage} message */
function dismiss(message) {
  dismissed.add(message.id);
  const element = document.activeElement?.closest(".private");
  const card = element?.closest(".card");
  channel.remove(message.id);
  thread.remove(message.id);
  document.getElementById(`private-${message.id}`)?.remove();
  if (card instanceof HTMLElement) card.focus({ preventScroll: true });
  else composer.focus();
}

// ---------- what goes out ----------

/**
 * @param {WireMessage} message
 * @param {WireView["actions"][number]} action
 * @param {HTMLButtonElement} button
 */
async function press(message, action, button) {
  if (button.getAttribute("aria-disabled") === "true" || page === null) return;
  const card = message.isPrivate ? message.thread : (message.thread ?? message.id);
  const line = await lineOf(action, { channel: message.channel, thread: card });
  if (line === null) {
    button.focus();
    return;
  }
  button.setAttribute("aria-disabled", "true");
  outbox.send(`/${line}`, { channel: message.channel, thread: card, button });
}

/**
 * What a button sends, once what it asks for was said; null when nothing is to be sent.
 * @param {WireView["actions"][number]} action
 * @param {{ channel: string, thread: number | null }} place
 */
async function lineOf(action, place) {
  const person = page?.you?.name ?? "nobody";
  const answer =
    action.isForm || action.ask !== null
      ? await getForm({ text: action.command, ...place }).catch(() => null)
      : null;
  if (answer !== null && answer.refusal !== null) return await showRefusal(answer.refusal);
  // Without its form the command says itself what it needs.
  if (action.isForm)
    return answer === null || answer.form === null ? action.command : await fillIn(answer.form, person);
  const isAsked = action.confirm !== null || action.ask !== null;
  return isAsked ? await askFirst(action, person) : action.command;
}

/**
 * A button of a page: answered in the thread of what it is about, where that has a card here.
 * @param {WireView["actions"][number]} action
 * @param {HTMLButtonElement} button
 * @param {{ kind: "incident" | "rollout", id: number } | null} subject
 */
async function pressOnPage(action, button, subject) {
  if (button.getAttribute("aria-disabled") === "true" || page === null) return;
  const card = subject === null ? null : await getCard(subject.kind, subject.id).catch(() => null);
  const place = { channel: card?.channel ?? page.channel, thread: card?.id ?? null };
  const line = await lineOf(action, place);
  if (line === null) {
    button.focus();
    return;
  }
  button.setAttribute("aria-disabled", "true");
  outbox.send(`/${line}`, { ...place, button });
}

/** @param {string} line */
function sendLine(line) {
  if (page === null) return;
  const card = thread.card();
  outbox.send(line.startsWith("/") ? line : `/${line}`, {
    channel: card?.channel ?? page.channel,
    thread: card?.id ?? null,
    button: null,
  });
}

/** @param {import("./outbox.js").Errand} errand */
function placeEcho({ thread: card, echo }) {
  if (pages.isOpen()) pages.answer(echo.element);
  else if (card !== null && thread.openId() === card) thread.append(echo.element);
  else if (card === null || !channel.under(card, echo.element)) channel.append(echo.element);
  showTeaching();
}

/** @param {WireMessage} message */
function askedBy(message) {
  return message.answers === null ? null : outbox.lineOf(message.answers);
}

// ---------- the rest ----------

function showTeaching() {
  const teach = byId("teach", HTMLElement);
  teach.hidden = !channel.isEmpty();
  if (!teach.hidden) teach.replaceChildren(...renderTeaching(page?.channel ?? "incidents"));
}

function markRead() {
  if (page !== null && !document.hidden && !pages.isOpen()) side.markRead(page.channel, newestShown());
}
document.addEventListener("visibilitychange", markRead);

function newestShown() {
  const ids = [...document.querySelectorAll("#cards > .card")].map((card) =>
    card instanceof HTMLElement ? Number(card.dataset["id"]) : 0,
  );
  return Math.max(0, ...ids);
}

/** @param {unknown} error */
function showNotice(error) {
  announce(messageOf(error));
  const echo = renderEcho(location.pathname, () => echo.element.remove());
  echo.failed(messageOf(error), () => {
    echo.element.remove();
    void followPath("stay");
  });
  channel.append(echo.element);
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
