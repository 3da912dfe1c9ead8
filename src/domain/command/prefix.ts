/**
 * Names of commands with a prefix, for workspaces where another app has the same ones: inside, a command has its own
 * name; what people read and press carries the prefix, and what they send is understood with and without it.
 */
import { type Text, truncate, type View, type ViewAction, type ViewBlock } from "../view.ts";

/** Longest label of a button that every platform shows. */
const maxLabel = 75;
/** Command lines longer than this fit no button; they keep their short name. */
const maxCommand = 100;

export interface CommandNaming {
  /** Ends in "-" or "_"; empty for none. */
  readonly prefix: string;
  /** Names of the commands that there are, without the prefix. */
  readonly names: ReadonlySet<string>;
}

/** The command's own name from what somebody wrote or a platform registered. */
export function ownName(name: string, { prefix, names }: CommandNaming): string {
  return names.has(name) || !name.startsWith(prefix) ? name : name.slice(prefix.length);
}

/**
 * The view with the prefix wherever it names a command: in what buttons send and, where they show a line, say; in
 * spans of code that begin with a command; and in the words of errors and help. All other words may come from outside,
 * where "/models" is a path, and stay.
 */
export function withPrefix(view: View, naming: CommandNaming): View {
  if (naming.prefix === "") return view;
  const isOurs = view.kind === "error" || view.kind === "help";
  const words = isOurs ? (text: string) => inWords(text, naming) : (text: string) => text;
  return {
    ...view,
    title: words(view.title),
    summary: words(view.summary),
    blocks: view.blocks.map((block) => inBlock(block, words, naming)),
    actions: view.actions.map((action) => inAction(action, naming)),
    ...(view.footer === undefined ? {} : { footer: words(view.footer) }),
  };
}

function inAction(action: ViewAction, { prefix, names }: CommandNaming): ViewAction {
  const name = action.command.split(" ", 1)[0] ?? "";
  const command = `${prefix}${action.command}`;
  if (!names.has(name) || command.length > maxCommand) return action;
  const isLine = action.label.startsWith(`/${name}`);
  return {
    ...action,
    command,
    label: isLine ? truncate(`/${prefix}${action.label.slice(1)}`, maxLabel) : action.label,
  };
}

function inBlock(block: ViewBlock, words: (text: string) => string, naming: CommandNaming): ViewBlock {
  const spans = (text: Text): Text =>
    text.map((span) => {
      const isCommand = span.style === "code" && span.text.startsWith("/");
      return { ...span, text: isCommand ? inWords(span.text, naming) : words(span.text) };
    });
  switch (block.kind) {
    case "text":
    case "note":
      return { ...block, text: spans(block.text) };
    case "fields":
      return { ...block, fields: block.fields.map(({ label, value }) => ({ label, value: spans(value) })) };
    case "list":
      return { ...block, items: block.items.map(spans) };
    case "code":
      return { ...block, text: words(block.text) };
    default:
      return block;
  }
}

/** "/ack" where it stands as a word; "/var/ack" and "/acks" are none. */
function inWords(text: string, { prefix, names }: CommandNaming): string {
  return text.replace(/(^|[\s("])\/([a-z][a-z0-9_-]*)(?![\w/-])/g, (whole, before: string, name: string) =>
    names.has(name) ? `${before}/${prefix}${name}` : whole,
  );
}
