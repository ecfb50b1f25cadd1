/** Window and level: which of the image's values are shown black and white, and how the greys lie between them. */
import type { Pixels } from "./codec";
import { ceil, max, min, round, within } from "./math";
import type { Dtype } from "./protocol";

/** In the image's own values (Hounsfield units, where it has those): black at level - window / 2, white at level + window / 2. */
export interface Window {
  window: number;
  level: number;
}

/** How values become grey. */
export interface Shading extends Window {
  /** Grey is the share of the window to this power: below 1 brightens. */
  gamma: number;
  inverted: boolean;
}

export interface Preset extends Window {
  name: string;
}

/** Window and level in Hounsfield units, as radiology uses them (Radiopaedia, "Windowing (CT)"). */
const CT_WINDOWS: readonly Preset[] = [
  { name: "Brain", window: 80, level: 40 },
  { name: "Lung", window: 1500, level: -600 },
  { name: "Bone", window: 1800, level: 400 },
  { name: "Abdomen", window: 400, level: 50 },
];
/** CSS pixels of a drag that make the window e times as wide, and those that move the level by one window. */
const DRAG_WINDOW = 200;
const DRAG_LEVEL = 300;
/** A narrower window, as a share of the widest, shows nothing but noise. */
const NARROWEST = 1e-5;
/** Greys that a screen shows: what is told of a window is no finer. */
const GREYS = 256;

export function windowBetween(low: number, high: number): Window {
  return { window: high - low, level: (low + high) / 2 };
}

/** The window after a drag of `dx`, `dy` CSS pixels: to the right wider, upwards brighter. `full`: the image's range. */
export function dragged({ window, level }: Window, dx: number, dy: number, full: Window): Window {
  const widest = max(2 * full.window, window);
  const next = within(window * Math.exp(dx / DRAG_WINDOW), NARROWEST * widest, widest);
  const reach = (full.window + next) / 2;
  return { window: next, level: within(level + (dy / DRAG_LEVEL) * next, full.level - reach, full.level + reach) };
}

/** What can be chosen for an image: CT's windows only where its values are Hounsfield units. */
export function presetsOf({ usual, full, unit }: { usual: Window; full: Window; unit: string | null }): Preset[] {
  return [{ name: "Auto", ...usual }, { name: "Full", ...full }, ...(unit === "HU" ? CT_WINDOWS : [])];
}

/** The preset that is on, or -1. */
export function presetIndex(presets: Preset[], { window, level }: Window): number {
  return presets.findIndex((preset) => preset.window === window && preset.level === level);
}

/** "window 400, level 40 HU" */
export function windowText({ window, level }: Window, unit: string | null | undefined): string {
  const digits = within(ceil(Math.log10(GREYS / window)), 0, 9);
  const text = (value: number): string => String(Number(value.toFixed(digits))).replace("-", "−");
  return `window ${text(window)}, level ${text(level)}${unit ? ` ${unit}` : ""}`;
}

/** From the least value to the greatest; never empty. */
export function fullWindow(pixels: Pixels): Window {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return windowBetween(low, max(high, low + 1));
}

/** From a value to 8-bit grey; NaN is the darkest. */
export function shadeOf(dtype: Dtype, { window, level, gamma, inverted }: Shading): (value: number) => number {
  const low = level - window / 2;
  const shade = (value: number): number => {
    const share = window > 0 ? (value - low) / window : value > low ? 1 : 0;
    const grey = share > 0 ? min(share, 1) ** gamma : 0; // NaN is not > 0
    return round(255 * (inverted ? 1 - grey : grey));
  };
  if (dtype === "float32") return shade;
  // Whole numbers are few: look them up.
  const [first, count] = dtype === "uint8" ? [0, 256] : dtype === "uint16" ? [0, 65536] : [-32768, 65536];
  const table = new Uint8Array(count);
  for (let i = 0; i < count; i++) table[i] = shade(i + first); // `from` takes ten times as long
  return (value) => table[value - first]!;
}
