/** SVG to PNG with the fonts in assets/fonts/, so that every machine draws the same. */
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { width } from "./svg.ts";

const pixelRatio = 2;

/** @throws Error when the fonts are missing or the document cannot be drawn. */
export async function toPng(svg: string): Promise<Uint8Array> {
  // Loaded late: it is a native library that most replicas never need.
  const { renderAsync } = await import("@resvg/resvg-js");
  const fonts = fontFolder();
  const image = await renderAsync(svg, {
    fitTo: { mode: "width", value: width * pixelRatio },
    background: "#ffffff",
    font: {
      loadSystemFonts: false,
      fontFiles: ["Inter-Regular.ttf", "Inter-Bold.ttf"].map((file) => path.join(fonts, file)),
      defaultFontFamily: "Inter",
    },
  });
  return image.asPng();
}

/** `assets/fonts/` lies in the package's root, whether this file runs from src/ or from dist/. */
function fontFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = path.join(folder, "assets", "fonts");
    if (existsSync(path.join(candidate, "Inter-Regular.ttf"))) return candidate;
    const parent = path.dirname(folder);
    if (parent === folder)
      throw new Error("the folder assets/fonts/ of the package is missing: install it again");
    folder = parent;
  }
}
