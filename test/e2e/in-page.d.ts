/** Types of in-page.js, which runs in the browser. */
export function contrastProblems(): readonly string[];
export function namelessControls(): readonly string[];
export function repeatedIds(): readonly string[];
export function focused(): {
  readonly id: string;
  readonly text: string | null;
  readonly tag: string;
  readonly outline: string;
};
export function background(): string;
export function pageWidth(): number;
export function scriptCookies(): string;
export function pictureWidth(element: unknown): number;
export function edges(elements: unknown): readonly { readonly right: number; readonly height: number }[];
export function widths(element: unknown): { readonly outer: number; readonly inner: number };
export function axeFindings(): Promise<readonly string[]>;
