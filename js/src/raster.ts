/** From the image's own numbers to screen pixels: windowing and reduction, for the part that is asked for. */
import { pixelsOf, type Pixels } from "./codec";
import { max, min, round } from "./math";
import type { Rect } from "./planes";
import type { Dtype, ImageTrait } from "./protocol";
import type { Size } from "./view";
import { fullWindow, shadeOf, windowBetween, type Shading, type Window } from "./windowlevel";

/** A reduced pixel is the mean of at most this many samples a side: enough against flicker, and quick. */
const SAMPLES = 4;
const OPAQUE = 0xff000000;

export interface Picture extends Size {
  channels: number;
  dtype: Dtype;
  pixels: Pixels;
  /** A pixel times `slope` plus `intercept` is the image's own value, in `unit`. */
  slope: number;
  intercept: number;
  unit: "HU" | null;
  /** Which values are shown black and white unless the person chooses. */
  usual: Window;
  /** From the least value to the greatest. */
  full: Window;
}

/** Throws when the image's data are not there or do not fit its shape. */
export function pictureOf(image: ImageTrait): Picture {
  const [height = 0, width = 0, channels = 1] = image.shape;
  const { dtype, low, high, unit = null, rescale = [1, 0] } = image;
  const pixels = pixelsOf(image.data, dtype);
  if (!width || !height || pixels.length !== width * height * channels) {
    throw new Error(`${pixels.length} values for an image of ${image.shape.join(" x ")}`);
  }
  const [slope, intercept] = rescale;
  const ofValues = ({ window, level }: Window): Window => ({ window: window * slope, level: level * slope + intercept });
  let full: Window | null = null;
  return {
    ...{ width, height, channels, dtype, pixels, slope, intercept, unit },
    usual: ofValues(windowBetween(low, high)),
    // All pixels are looked at only when somebody wants to know.
    get full() {
      return (full ??= ofValues(fullWindow(pixels)));
    },
  };
}

/** From one of the picture's pixels to grey. */
export function greyOf({ dtype, slope, intercept }: Picture, shading: Shading): (pixel: number) => number {
  const { window, level } = shading;
  return shadeOf(dtype, { ...shading, window: window / slope, level: (level - intercept) / slope });
}

/**
 * The means of the pixels that `rect` (in pixels of `level`) stands for, in its order. They do not depend on the window,
 * so another window costs no more than looking each of them up.
 */
export function reduced(picture: Picture, rect: Rect, level: number): Pixels {
  const { pixels, width, height, channels } = picture;
  const means = new (pixels.constructor as new (length: number) => Pixels)(rect.width * rect.height * channels);
  const stored = picture.dtype === "float32" ? (value: number) => value : round;
  const side = 2 ** level;
  const step = max(side / SAMPLES, 1);
  for (let row = 0, at = 0; row < rect.height; row++) {
    const top = (rect.y + row) * side;
    const bottom = min(top + side, height);
    for (let column = 0; column < rect.width; column++) {
      const left = (rect.x + column) * side;
      const right = min(left + side, width);
      for (let c = 0; c < channels; c++, at++) {
        let [sum, count] = [0, 0];
        for (let y = top; y < bottom; y += step) {
          for (let x = left; x < right; x += step, count++) sum += pixels[(y * width + x) * channels + c]!;
        }
        means[at] = stored(sum / count);
      }
    }
  }
  return means;
}

/** Paint `rect` (in pixels of `level`) as RGBA; `out` holds rect.width x rect.height pixels. `means`: see `reduced`. */
export function paintPixels(
  picture: Picture,
  rect: Rect,
  grey: (pixel: number) => number,
  out: Uint32Array,
  means: Pixels | null,
): void {
  const { channels } = picture;
  const pixels = means ?? picture.pixels;
  const [x, y, stride] = means ? [0, 0, rect.width] : [rect.x, rect.y, picture.width];
  for (let row = 0, to = 0; row < rect.height; row++) {
    let from = ((y + row) * stride + x) * channels;
    for (let column = 0; column < rect.width; column++, to++, from += channels) {
      const red = grey(pixels[from]!);
      const rest = channels < 3 ? red * 0x10100 : (grey(pixels[from + 2]!) << 16) | (grey(pixels[from + 1]!) << 8);
      out[to] = (OPAQUE | rest | red) >>> 0;
    }
  }
}
