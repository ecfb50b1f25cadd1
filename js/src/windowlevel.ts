/** Window and level: which of the image's values are shown black and white, and how the greys lie between them. */
import type { Pixels } from "./codec";
import type { Dtype } from "./protocol";

export interface Range {
  low: number;
  high: number;
}

/** How values become grey. `low` and `high` in the image's own values (Hounsfield units, where it has those). */
export interface Shading extends Range {
  /** Grey is the share of the window to this power: below 1 brightens. */
  gamma: number;
  inverted: boolean;
}

export type PresetName = "Auto" | "Full" | "Brain" | "Lung" | "Bone" | "Abdomen";
export interface Preset extends Range {
  name: PresetName;
  title: string;
}

/** Window and level in Hounsfield units, as radiology uses them (Radiopaedia, "Windowing (CT)"). */
const CT_WINDOWS: [PresetName, window: number, level: number][] = [
  ["Brain", 80, 40],
  ["Lung", 1500, -600],
  ["Bone", 1800, 400],
  ["Abdomen", 400, 50],
];
/** CSS pixels of a drag that make the window e times as wide, and those that move the level by one window. */
const DRAG_WINDOW = 200;
const DRAG_LEVEL = 300;
/** A narrower window, as a share of the whole range, shows nothing but noise. */
const NARROWEST = 1e-5;
/** Steps of grey that a curve is looked up in where values are not whole numbers. */
const CURVE_STEPS = 4096;

export function windowOf({ low, high }: Range): number {
  return high - low;
}

export function levelOf({ low, high }: Range): number {
  return (low + high) / 2;
}

export function rangeOf(window: number, level: number): Range {
  return { low: level - window / 2, high: level + window / 2 };
}

/** The window after a drag of `dx`, `dy` CSS pixels: to the right wider, upwards brighter. `full`: the image's range. */
export function dragged(shading: Range, dx: number, dy: number, full: Range): Range {
  const widest = Math.max(2 * windowOf(full), windowOf(shading));
  const window = clampTo(windowOf(shading) * Math.exp(dx / DRAG_WINDOW), NARROWEST * widest, widest);
  const level = levelOf(shading) + (dy / DRAG_LEVEL) * window;
  return rangeOf(window, clampTo(level, full.low - window / 2, full.high + window / 2));
}

/** What can be chosen for an image: CT's windows only where its values are Hounsfield units. */
export function presetsOf({ usual, full, unit }: { usual: Range; full: Range; unit: string | null }): Preset[] {
  const presets: Preset[] = [
    { name: "Auto", title: "All but the darkest and brightest outliers", ...usual },
    { name: "Full", title: "From the least value to the greatest", ...full },
  ];
  if (unit !== "HU") return presets;
  for (const [name, window, level] of CT_WINDOWS) {
    presets.push({ name, title: `${name}: window ${window}, level ${level} HU`, ...rangeOf(window, level) });
  }
  return presets;
}

/** The preset that is on, or -1. */
export function presetIndex(presets: Preset[], { low, high }: Range): number {
  return presets.findIndex((preset) => preset.low === low && preset.high === high);
}

/** Least and greatest value; never empty, so that there is a window in it. */
export function rangeIn(pixels: Pixels): Range {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > low ? { low, high } : { low, high: low + 1 };
}

/** From a value to 8-bit grey: up to `low` black, from `high` on white; NaN is the darkest. */
export function shadeOf(dtype: Dtype, { low, high, gamma, inverted }: Shading): (value: number) => number {
  const grey = (share: number): number => {
    const curved = share > 0 ? Math.min(share, 1) ** gamma : 0; // NaN is not > 0
    return Math.round(255 * (inverted ? 1 - curved : curved));
  };
  const share = (value: number): number => (high > low ? (value - low) / (high - low) : value > low ? 1 : 0);
  if (dtype !== "float32") {
    // Whole numbers are few: look them up.
    const [first, count] = dtype === "uint8" ? [0, 256] : dtype === "uint16" ? [0, 65536] : [-32768, 65536];
    const table = Uint8Array.from({ length: count }, (_, i) => grey(share(i + first)));
    return (value) => table[value - first]!;
  }
  if (gamma === 1) return (value) => grey(share(value));
  const curve = Uint8Array.from({ length: CURVE_STEPS + 1 }, (_, i) => grey(i / CURVE_STEPS));
  return (value) => curve[Math.round(clampTo(share(value), 0, 1) * CURVE_STEPS) || 0]!;
}

function clampTo(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
