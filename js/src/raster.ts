/** From the image's own numbers to screen pixels: windowing and reduction, for the part that is asked for. */
import { pixelsOf, type Pixels } from "./codec";
import type { Rect } from "./planes";
import type { ImageTrait } from "./protocol";
import type { Size } from "./view";

/** A reduced pixel is the mean of at most this many samples a side: enough against flicker, and quick. */
const SAMPLES = 4;
const OPAQUE = 0xff000000;

export interface Picture extends Size {
  channels: number;
  pixels: Pixels;
  /** Value to 8-bit grey. */
  grey: (value: number) => number;
}

/** Throws when the image's data are not there or do not fit its shape. */
export function pictureOf(image: ImageTrait): Picture {
  const [height = 0, width = 0, channels = 1] = image.shape;
  const pixels = pixelsOf(image.data, image.dtype);
  if (!width || !height || pixels.length !== width * height * channels) {
    throw new Error(`${pixels.length} values for an image of ${image.shape.join(" x ")}`);
  }
  return { width, height, channels, pixels, grey: windowing(image.dtype, image.low, image.high) };
}

/** Values up to `low` are black, from `high` on white; NaN is black. */
export function windowing(dtype: ImageTrait["dtype"], low: number, high: number): (value: number) => number {
  const shade = (value: number): number => {
    const grey = high > low ? ((value - low) / (high - low)) * 255 : value > low ? 255 : 0;
    return grey > 0 ? Math.min(Math.round(grey), 255) : 0; // NaN is not > 0
  };
  if (dtype === "float32") return shade;
  // Whole numbers are few: look them up.
  const [first, count] = dtype === "uint8" ? [0, 256] : dtype === "uint16" ? [0, 65536] : [-32768, 65536];
  const table = Uint8Array.from({ length: count }, (_, i) => shade(i + first));
  return (value) => table[value - first]!;
}

/** Paint `rect` (in pixels of `level`) as RGBA; `out` holds rect.width x rect.height pixels. */
export function paintPixels(picture: Picture, rect: Rect, level: number, out: Uint32Array): void {
  const side = 2 ** level;
  const step = Math.max(side / SAMPLES, 1);
  const mean = [0, 0, 0];
  for (let row = 0; row < rect.height; row++) {
    const top = (rect.y + row) * side;
    const bottom = Math.min(top + side, picture.height);
    for (let column = 0; column < rect.width; column++) {
      const left = (rect.x + column) * side;
      if (side === 1) sample(picture, left, top, mean);
      else average(picture, left, top, Math.min(left + side, picture.width), bottom, step, mean);
      out[row * rect.width + column] = (OPAQUE | (mean[2]! << 16) | (mean[1]! << 8) | mean[0]!) >>> 0;
    }
  }
}

function sample({ pixels, grey, width, channels }: Picture, x: number, y: number, rgb: number[]): void {
  const at = (y * width + x) * channels;
  if (channels < 3) {
    rgb[0] = rgb[1] = rgb[2] = grey(pixels[at]!);
    return;
  }
  for (let c = 0; c < 3; c++) rgb[c] = grey(pixels[at + c]!);
}

function average(
  { pixels, grey, width, channels }: Picture,
  left: number,
  top: number,
  right: number,
  bottom: number,
  step: number,
  rgb: number[],
): void {
  for (let c = 0; c < Math.min(channels, 3); c++) {
    let [sum, count] = [0, 0];
    for (let y = top; y < bottom; y += step) {
      for (let x = left; x < right; x += step, count++) sum += grey(pixels[(y * width + x) * channels + c]!);
    }
    rgb[c] = sum / count;
  }
  if (channels < 3) rgb[1] = rgb[2] = rgb[0]!;
}
