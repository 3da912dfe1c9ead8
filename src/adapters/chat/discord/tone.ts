/** How a tone looks: emoji, word and colour, never colour alone. */
import type { Tone, View } from "../../../domain/view.ts";

const tones: readonly Tone[] = ["critical", "high", "warning", "info", "good", "bad", "neutral"];

export const icons: Readonly<Record<Tone, string>> = {
  critical: "🔴",
  high: "🟠",
  warning: "🟡",
  info: "🔵",
  good: "🟢",
  bad: "❌",
  neutral: "▪️",
};
const words: Readonly<Record<Tone, string>> = {
  critical: "Critical",
  high: "High",
  warning: "Warning",
  info: "Info",
  good: "",
  bad: "",
  neutral: "",
};

/**
 * Emoji and word: severity is never told by colour alone. A rollout has no severity, and says its state in words of its
 * own.
 */
export function toneMark({ kind, tone }: Pick<View, "kind" | "tone">): string {
  if (tone === "neutral") return "";
  const word = kind === "rollout" ? "" : words[tone];
  return word === "" ? `${icons[tone]} ` : `${icons[tone]} ${word} · `;
}

/** A title as it was before {@link toneMark} went in front of it. */
export function withoutTone(title: string): string {
  // The longer ones first: an icon alone stands before a rollout.
  const marks = (["incident", "rollout"] as const)
    .flatMap((kind) => tones.map((tone) => toneMark({ kind, tone })))
    .filter((mark) => mark !== "");
  return title.slice(marks.find((mark) => title.startsWith(mark))?.length ?? 0);
}

/** Colour of the bar beside an embed, 24-bit RGB. */
export const colours: Readonly<Record<Tone, number>> = {
  critical: 0xd92d20,
  high: 0xef6820,
  warning: 0xeaaa08,
  info: 0x2e90fa,
  good: 0x17b26a,
  bad: 0xb42318,
  neutral: 0x667085,
};
