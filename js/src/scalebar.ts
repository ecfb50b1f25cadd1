/** A bar of a round length, for the size of what is seen. */
import { h, setText } from "./dom";
import { floor, min } from "./math";

/** In CSS pixels, and of the canvas's width where that is small. */
const LONGEST = 120;
const LARGEST_SHARE = 0.3;
const ROUND = [5, 2, 1];
const UNITS: [text: string, millimetres: number][] = [
  ["m", 1000],
  ["cm", 10],
  ["mm", 1],
  ["µm", 1e-3],
  ["nm", 1e-6],
];

export interface Bar {
  text: string;
  /** In CSS pixels. */
  length: number;
}

/** The longest bar of 1, 2 or 5 times a power of ten that fits into `room`; `millimetres` to a CSS pixel. */
export function barFor(millimetres: number, room: number): Bar | null {
  const most = millimetres * room;
  if (!(most > 0 && most < Infinity)) return null;
  const power = 10 ** floor(Math.log10(most) + 1e-9);
  const long = power * ROUND.find((digit) => digit * power <= most * (1 + 1e-9))!;
  const [unit, size] = UNITS.find(([, one]) => long >= one * (1 - 1e-9)) ?? UNITS[UNITS.length - 1]!;
  return { text: `${Number((long / size).toPrecision(1))} ${unit}`, length: long / millimetres };
}

export interface ScaleBar {
  readonly node: HTMLElement;
  /** `scale`: CSS pixels to an image pixel. The bar lies flat: where pixels are not square, it measures across. */
  update(spacing: readonly [number, number] | null, scale: number, width: number): void;
}

export function makeScaleBar(): ScaleBar {
  const line = h(".sp-scaleline");
  const text = h("span");
  const node = h(".sp-scalebar", text, line);
  return {
    node,
    update(spacing, scale, width) {
      const bar = spacing && barFor(spacing[1] / scale, min(LONGEST, LARGEST_SHARE * width));
      node.hidden = !bar;
      if (!bar) return;
      setText(text, bar.text);
      node.title = spacing[0] === spacing[1] ? "" : "Across; the image's pixels are not square";
      line.style.width = `${bar.length}px`;
    },
  };
}
