/** tocsin.yaml with its defaults, as people may read it: names of secrets, never secrets. */
import { stringify } from "yaml";
import { redact } from "../domain/text/redaction.ts";

const secretKey =
  /secret|token|password|passwd|bearer|hmac|credential|authorization|api_?key|routing_?key|private/i;
const hidden = "(hidden)";

/**
 * The file as YAML. Whatever stands under a key that names a secret is hidden, unless it is the name of an environment
 * variable; so are hashes of tokens, passwords in addresses, and what looks like a token anywhere.
 * @param file - the values of tocsin.yaml, defaults included.
 */
export function effectiveText(file: unknown): string {
  return stringify(readable(file, ""), { lineWidth: 110 });
}

function readable(value: unknown, key: string): unknown {
  if (typeof value === "string") return readableText(value, key);
  if (Array.isArray(value)) return value.map((member) => readable(member, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, readable(member, name)]),
  );
}

function readableText(text: string, key: string): string {
  if (/^env:[A-Z][A-Z0-9_]*$/.test(text)) return text;
  if (secretKey.test(key) || /^(sha256:)?[0-9a-f]{64}$/i.test(text)) return hidden;
  return redact(text.replace(/\/\/[^/@\s]*@/g, "//…@")).text;
}
