/** Numbers as people read them. */
import { round } from "./math";

const COUNT = new Intl.NumberFormat("en-US");
/** Square millimetres in a square centimetre, from which on the latter reads better. */
const CM2 = 100;

export function pixelsText(count: number): string {
  return `${COUNT.format(count)} px`;
}

/** "412 px", and with `spacing` ([row, column] in mm) "412 px, 1.2 cm²". */
export function areaText(count: number, spacing: readonly [number, number] | null | undefined): string {
  if (!spacing) return pixelsText(count);
  const area = count * spacing[0] * spacing[1];
  const [value, unit] = area >= CM2 ? [area / CM2, "cm²"] : [area, "mm²"];
  return `${pixelsText(count)}, ${shortNumber(value)} ${unit}`;
}

/** What a mask is, for who does not see it; and what became of it, where `before`, its area before, is told. */
export function resultText(
  label: string,
  prompts: number,
  area: number,
  before: number | null,
  spacing: readonly [number, number] | null | undefined,
): string {
  const more = before === null ? 0 : area - before;
  const change = more ? `, ${pixelsText(Math.abs(more))} ${more > 0 ? "more" : "less"}` : before === null ? "" : ", unchanged";
  return `${label}: ${areaText(area, spacing)}${change}; ${promptsText(prompts)}`;
}

export function promptsText(count: number): string {
  return counted(count, "prompt") || "0 prompts";
}

/** "1 object", "2 objects"; nothing for none. */
export function counted(count: number, one: string): string {
  return count ? `${count} ${one}${count === 1 ? "" : "s"}` : "";
}

export function latencyText(milliseconds: number): string {
  return milliseconds < 10_000 ? `${round(milliseconds)} ms` : `${shortNumber(milliseconds / 1000)} s`;
}

/** Two digits that count, and no zeros after them. */
function shortNumber(value: number): string {
  if (value >= 100) return COUNT.format(round(value));
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}
