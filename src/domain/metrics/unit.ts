/** Values of metrics for people: two or three digits that count, with their unit. */

const binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
const decimal = ["", " k", " M", " G", " T"] as const;

/**
 * "31 %", "45 ms", "1.2 GiB", "12.4 k/s".
 * @param unit - ratio, percent, seconds, bytes, per second, or a word that is put behind the number; empty for none.
 */
export function formatValue(value: number, unit: string): string {
  if (!Number.isFinite(value)) return String(value);
  switch (unit) {
    case "ratio":
      return `${digits(value * 100)} %`;
    case "percent":
      return `${digits(value)} %`;
    case "seconds":
      return formatSeconds(value);
    case "bytes":
      return scaled(value, 1024, binary, " ");
    case "per second":
      return `${scaled(value, 1000, decimal, "")}/s`;
    default: {
      const number = scaled(value, 1000, decimal, "");
      return unit === "" ? number : `${number} ${unit}`;
    }
  }
}

/**
 * The least difference that is worth a word, in the unit itself: what people would not call a change, however steady
 * the metric was before.
 */
export function leastChange(unit: string): number {
  return Object.hasOwn(least, unit) ? (least[unit] ?? 0) : 0;
}

const least: Readonly<Record<string, number>> = {
  ratio: 0.005,
  percent: 0.5,
  seconds: 0.005,
  bytes: 1024 * 1024,
  "per second": 0.1,
  cores: 0.02,
};

function formatSeconds(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 0.001) return `${digits(value * 1e6)} µs`;
  if (size < 1) return `${digits(value * 1000)} ms`;
  if (size < 120) return `${digits(value)} s`;
  if (size < 7200) return `${digits(value / 60)} min`;
  return size < 172_800 ? `${digits(value / 3600)} h` : `${digits(value / 86_400)} d`;
}

function scaled(value: number, base: number, names: readonly string[], space: string): string {
  // Below ten thousand a plain number reads better than a prefix.
  const least = base === 1000 ? 10_000 : base;
  let size = value;
  let power = 0;
  while (Math.abs(size) >= (power === 0 ? least : base) && power < names.length - 1) {
    size /= base;
    power += 1;
  }
  return `${digits(size)}${space}${names[power] ?? ""}`;
}

/** Two digits below ten, three above, no trailing zeros; never in powers of ten for what people meet. */
function digits(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const rounded = size >= 100 ? Math.round(value) : Number(value.toPrecision(size < 10 ? 2 : 3));
  return size < 1e-6 || size >= 1e21 ? rounded.toExponential(1) : String(rounded);
}
