/**
 * The side: channels with what is unread, and who one is.
 * @import { PageChannel, PageState, WireMessage } from "./api.js"
 */
import { signOut, switchPerson } from "./api.js";
import { byId, h, recall, remember } from "./dom.js";

/** @param {{ open: (channel: string) => void, reload: () => void, read: () => number }} handlers */
export function createSide(handlers) {
  const app = byId("app", HTMLElement);
  const menu = byId("menu", HTMLButtonElement);
  const scrim = byId("scrim", HTMLElement);
  const list = byId("channels", HTMLUListElement);
  const person = byId("person", HTMLSelectElement);
  const read = readMarks();
  /** Cards that came in while the page was open, by channel. @type {Map<string, Set<number>>} */
  const arrivals = new Map();
  /** @type {readonly PageChannel[]} */
  let channels = [];
  let current = "";
  /** The page that is shown instead of a channel. @type {{ name: string, title: string } | null} */
  let page = null;

  menu.addEventListener("click", () => (app.dataset["side"] === "open" ? close() : openSide()));
  scrim.addEventListener("click", close);
  person.addEventListener("change", () => void changePerson());
  byId("sign-out", HTMLButtonElement).addEventListener("click", () => {
    void signOut().finally(handlers.reload);
  });

  /** @param {PageState} state */
  function show(state) {
    current = state.channel;
    showPeople(state);
    showChannels(state.channels);
  }

  /** @param {{ name: string, title: string } | null} shown - null for the channel. */
  function showPage(shown) {
    page = shown;
    render();
  }

  /** @param {readonly PageChannel[]} known */
  function showChannels(known) {
    channels = known;
    render();
  }

  /** @param {PageState} state */
  function showPeople(state) {
    byId("you-switch", HTMLElement).hidden = state.mode !== "open";
    byId("you-signed", HTMLElement).hidden = state.mode === "open";
    byId("you-name", HTMLElement).textContent = state.you?.name ?? "";
    person.replaceChildren(
      ...state.people.map((one) => h("option", { value: one.id }, `${one.name} (${one.roles.join(", ")})`)),
    );
    if (state.people.length === 0) person.append(h("option", {}, "nobody: add people to tocsin.yaml"));
    person.value = state.you?.id ?? "";
    person.disabled = state.people.length < 2;
  }

  async function changePerson() {
    try {
      await switchPerson(person.value);
    } finally {
      handlers.reload();
    }
  }

  /** @param {WireMessage} message */
  function arrived(message) {
    if (message.isPrivate || message.editedAt !== null) return;
    if (!channels.some((channel) => channel.id === message.channel)) {
      channels = [...channels, { id: message.channel, newestId: message.id }];
    }
    const known = arrivals.get(message.channel) ?? new Set();
    arrivals.set(message.channel, known.add(message.id));
    render();
  }

  /**
   * @param {string} channel
   * @param {number} newestId
   */
  function markRead(channel, newestId) {
    if (newestId > (read.get(channel) ?? 0)) {
      read.set(channel, newestId);
      remember("read", JSON.stringify(Object.fromEntries([...read].slice(-200))));
    }
    arrivals.delete(channel);
    render();
  }

  /** @param {PageChannel} channel */
  function unreadOf(channel) {
    const seen = read.get(channel.id) ?? 0;
    const count = [...(arrivals.get(channel.id) ?? [])].filter((id) => id > seen).length;
    if (count > 0) return { count, text: String(count) };
    return channel.newestId > seen && (channel.id !== current || document.hidden)
      ? { count: 1, text: "new" }
      : { count: 0, text: "" };
  }

  function render() {
    let total = 0;
    const focused =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset["channel"] : undefined;
    list.replaceChildren(
      ...channels.map((channel) => {
        const unread = unreadOf(channel);
        total += unread.count;
        const link = h(
          "a",
          {
            href: `/channels/${encodeURIComponent(channel.id)}`,
            class: unread.count > 0 ? "channel is-unread" : "channel",
            "data-channel": channel.id,
            "aria-current": page === null && channel.id === current ? "page" : null,
          },
          h("span", { class: "channel-name" }, `# ${channel.id}`),
          unread.count > 0 &&
            h(
              "span",
              { class: "unread" },
              unread.text,
              h("span", { class: "unseen" }, unread.text === "new" ? " cards" : " new"),
            ),
        );
        link.addEventListener("click", (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          close();
          handlers.open(channel.id);
        });
        return h("li", {}, link);
      }),
    );
    for (const link of list.querySelectorAll("a")) if (link.dataset["channel"] === focused) link.focus();
    const place = page === null ? `#${current}` : page.title;
    byId("channel-title", HTMLElement).textContent = page === null ? place : "";
    document.title = `${total > 0 ? `(${total}) ` : ""}${place} · Tocsin`;
    for (const link of document.querySelectorAll("#pages a")) {
      const isCurrent = link instanceof HTMLElement && link.dataset["page"] === page?.name;
      if (isCurrent) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    menu.classList.toggle(
      "is-unread",
      channels.some((channel) => channel.id !== current && unreadOf(channel).count > 0),
    );
  }

  function openSide() {
    app.dataset["side"] = "open";
    scrim.hidden = false;
    menu.setAttribute("aria-expanded", "true");
    const link = list.querySelector("a");
    if (link !== null) link.focus();
  }

  /** @returns {boolean} whether it was open. */
  function close() {
    if (app.dataset["side"] !== "open") return false;
    delete app.dataset["side"];
    scrim.hidden = true;
    menu.setAttribute("aria-expanded", "false");
    menu.focus();
    return true;
  }

  /** @param {number} by */
  function step(by) {
    const at = channels.findIndex((channel) => channel.id === current);
    const next = channels[at + by];
    if (next !== undefined) handlers.open(next.id);
  }

  return {
    show,
    showPage,
    showChannels,
    arrived,
    markRead,
    close,
    step,
    /** @param {string} channel */
    lastRead: (channel) => read.get(channel) ?? null,
  };
}

/** @returns {Map<string, number>} channel to the newest card that was read. */
function readMarks() {
  try {
    const kept = JSON.parse(recall("read") ?? "{}");
    return new Map(
      Object.entries(kept)
        .filter(([, id]) => typeof id === "number")
        .map(([name, id]) => [name, Number(id)]),
    );
  } catch {
    return new Map();
  }
}
