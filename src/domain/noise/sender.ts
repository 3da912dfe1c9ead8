/** What sends alerts, as far as it decides what can be done about them: only Alertmanager reads alertmanager.yml. */

export type SenderKind =
  /** Rules of Prometheus and the like, by way of an Alertmanager. */
  | "alertmanager"
  /** Rules that Grafana keeps itself. */
  | "grafana"
  | "other";

/** Name of a source to what sends to it; whatever is not named is something else. */
export type Senders = Readonly<Record<string, Exclude<SenderKind, "other">>>;

/** @param sources - by name, with the name of the source whose parser reads them: `use:` in tocsin.yaml. */
export function sendersOf(
  sources: Iterable<{ readonly name: string; readonly source: { readonly name: string } }>,
): Senders {
  return Object.fromEntries(
    [...sources].flatMap(({ name, source: { name: use } }) =>
      use === "alertmanager" || use === "grafana" ? [[name, use]] : [],
    ),
  );
}

interface Sent {
  readonly sender: SenderKind;
  readonly source: string;
}

/** Whether two rules are counted as those of one sender: all Alertmanagers are one, for they may share their rules. */
export function isSameSender(a: Sent, b: Sent): boolean {
  return a.sender === b.sender && (a.sender !== "other" || a.source === b.source);
}
