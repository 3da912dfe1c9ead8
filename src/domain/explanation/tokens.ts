/** What a question to a model takes, in tokens: estimated before it is asked, rather too much than too little. */
import type { ExplanationQuestion } from "../explanation.ts";
import { buildPrompt, maxDataLength, type Prompt, systemPrompt } from "./prompt.ts";

/** Most tokens of an answer; models that reason spend part of them before they write. */
export const maxAnswerTokens = 4_000;
/** The schema of the answer, and what stands around the messages. */
const frameTokens = 500;
/** A token stands for at least so many bytes of UTF-8, on average, in JSON of English text; of other scripts it is a character or so. */
const bytesPerToken = 3;

const besidePrompt = frameTokens + maxAnswerTokens;

/** Tokens of a text. */
export function tokensOf(text: string): number {
  return Math.ceil(new TextEncoder().encode(text).length / bytesPerToken);
}

export function promptTokens({ system, user }: Pick<Prompt, "system" | "user">): number {
  return tokensOf(`${system}${user}`);
}

/** Tokens that asking this may cost: its prompt and the longest answer. */
export function questionTokens(question: ExplanationQuestion): number {
  return promptTokens(buildPrompt(question)) + besidePrompt;
}

/** Tokens without which nothing can be asked, and those of the longest question in English; in hundreds. */
export const questionLimits = {
  least: upToHundred(tokensOf(systemPrompt) + besidePrompt),
  most: upToHundred(tokensOf(systemPrompt) + Math.ceil(maxDataLength / bytesPerToken) + besidePrompt),
} as const;

/** A number of tokens as people are told it: 9,433 is 9,500. */
export function upToHundred(tokens: number): number {
  return Math.ceil(tokens / 100) * 100;
}
