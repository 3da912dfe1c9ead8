/** Reads the documentation as its readers use it: links, fenced blocks, commands to type. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** One page of the documentation. */
export interface Page {
  /** From the repository root. */
  readonly file: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** A fenced block: ```language about */
export interface Block {
  readonly language: string;
  /** What follows the language: "tocsin.yaml", the name of a source, a path; empty when nothing does. */
  readonly about: string;
  readonly text: string;
  /** Of its first fence, from 1. */
  readonly line: number;
}

const root = path.resolve(import.meta.dirname, "..");

/** Every page that a reader may open, the decisions among them. */
export function readPages(): readonly Page[] {
  const inDocs = readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => path.join("docs", file));
  return ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", ...inDocs.sort()].map((file) => {
    const text = readFileSync(path.join(root, file), "utf8");
    return { file, text, blocks: blocksOf(text) };
  });
}

/** Fenced blocks in order; those inside a list lose its indentation. */
export function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const fence = /^([ \t]*)```(\S*)[ \t]*(.*)\n([\s\S]*?)^\1```[ \t]*$/gm;
  for (const match of text.matchAll(fence)) {
    const [, indent = "", language = "", about = "", body = ""] = match;
    const line = text.slice(0, match.index).split("\n").length;
    const stripped = body
      .split("\n")
      .map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each));
    blocks.push({ language, about: about.trim(), text: stripped.join("\n"), line });
  }
  return blocks;
}

/** The text without fenced blocks. */
export function proseOf(text: string): string {
  return text.replace(/^[ \t]*```[\s\S]*?^[ \t]*```[ \t]*$/gm, "");
}

/** Inline code of the prose. */
export function inlineCodeOf(text: string): readonly string[] {
  return [...proseOf(text).matchAll(/`([^`\n]+)`/g)].map((match) => (match[1] ?? "").replaceAll("\\|", "|"));
}

/** Cells of the table whose header begins with this cell; without header and rule. */
export function tableOf(text: string, header: string): readonly (readonly string[])[] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => cellsOf(line)[0] === header);
  if (start === -1) throw new Error(`there is no table whose header begins with "${header}"`);
  const rest = lines.slice(start + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end === -1 ? rest.length : end).map(cellsOf);
}

function cellsOf(line: string): readonly string[] {
  if (!line.startsWith("|")) return [];
  return line
    .slice(1)
    .replace(/\|\s*$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** Relative links that lead nowhere, files and headings; "PAGE: LINK". */
export function brokenLinks(page: Pick<Page, "file" | "text">): readonly string[] {
  const links = [...proseOf(page.text).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => !leadsSomewhere(page, link))
    .map((link) => `${page.file}: ${link}`);
}

function leadsSomewhere(page: Pick<Page, "file" | "text">, link: string): boolean {
  const [file = "", heading] = link.split("#");
  if (file === "") return headingsOf(page.text).includes(heading ?? "");
  const target = path.join(root, path.dirname(page.file), file);
  if (!existsSync(target)) return false;
  return heading === undefined || headingsOf(readFileSync(target, "utf8")).includes(heading);
}

/** Anchors as GitHub makes them. */
function headingsOf(text: string): readonly string[] {
  return [...proseOf(text).matchAll(/^#+ +(.+)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** One `tocsin …` on a command line of a page. */
export interface CliUse {
  readonly words: readonly string[];
  readonly where: string;
}

/** Every use of the command line: `npx tocsin …` anywhere, up to the end of the code or a comment. */
export function cliUses(page: Page): readonly CliUse[] {
  const lines = [...page.blocks.flatMap((block) => block.text.split("\n")), ...inlineCodeOf(page.text)];
  return lines.flatMap((line) => {
    const match = /\bnpx tocsin\s+([^#>]*)/.exec(line);
    const words = (match?.[1] ?? "").trim().split(/\s+/);
    return words[0] === "" || words[0] === "..." ? [] : [{ words, where: `${page.file}: ${line.trim()}` }];
  });
}

/** Names in capitals with an underscore, as environment variables have. */
export function variablesIn(text: string): readonly string[] {
  const known = /\b(?:HOST|PORT)\b|\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;
  return [...new Set([...text.matchAll(known)].map((match) => match[0]))].sort();
}

/** Bodies that a page posts with curl, with the source they go to. */
export function curlBodies(page: Page): readonly { readonly source: string; readonly body: string }[] {
  return page.blocks
    .filter((block) => block.language === "sh")
    .flatMap((block) =>
      [...block.text.matchAll(/\/webhooks\/([a-z0-9-]+)[\s\S]*?-d '([\s\S]*?)'/g)].map((match) => ({
        source: match[1] ?? "",
        body: match[2] ?? "",
      })),
    );
}
