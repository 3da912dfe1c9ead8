/** A measured number for people: four digits that count. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** The same for a difference: with its sign. */
export function signedFigure(value: number): string {
  return value > 0 ? `+${figure(value)}` : figure(value);
}
