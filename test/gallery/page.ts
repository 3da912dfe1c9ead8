/** The paper that the gallery's pictures are on: escaping, one column per theme and width, a page per platform. */

/** Text for HTML; everything that a card says goes through here. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A card as HTML of one platform, with what it is. */
export interface Picture {
  readonly family: string;
  readonly state: string;
  readonly html: string;
}

/** One page: every picture under its name. `css` is the platform's, `theme` becomes an attribute of the body. */
export function pageOf(given: {
  readonly title: string;
  readonly css: string;
  readonly theme: "light" | "dark";
  readonly pictures: readonly Picture[];
}): string {
  const { title, css, theme, pictures } = given;
  const figures = pictures.map(
    ({ family, state, html }) =>
      `<figure data-card="${escaped(`${family} ${state}`)}"><figcaption>${escaped(family)} · ${escaped(state)}</figcaption>${html}</figure>`,
  );
  return `<!doctype html>
<html lang="en" data-theme="${theme}"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { margin: 0; padding: 16px; }
figure { margin: 0 0 28px; max-width: 760px; }
figcaption { font: 12px/1.6 ui-monospace, monospace; opacity: .65; margin-bottom: 4px; }
${css}
</style></head><body>
${figures.join("\n")}
</body></html>
`;
}

/** A moment as a reader in UTC sees it: where it stands alone, within a sentence with its day, or its time alone. */
export function clock(at: Date, how: "alone" | "day and time" | "time"): string {
  const [day = "", minute = ""] = at.toISOString().slice(0, 16).split("T");
  return { alone: `${day} at ${minute}`, "day and time": `${day} ${minute}`, time: minute }[how];
}
