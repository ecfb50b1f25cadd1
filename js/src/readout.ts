/** What is under the pointer: the place, and the image's own value there. */
import { round } from "./math";
import type { Point } from "./protocol";
import type { Picture } from "./raster";

/** As many digits as float32 holds. */
const DIGITS = 7;

/** "120, 64: 1043 HU", or "" beside the image. `at` in image pixels. */
export function readoutAt(picture: Picture | null, at: Point): string {
  const [x, y] = [round(at[0]), round(at[1])];
  if (!picture || x < 0 || y < 0 || x >= picture.width || y >= picture.height) return "";
  const { channels, slope, intercept, unit } = picture;
  const values = Array.from({ length: channels }, (_, c) => {
    const value = picture.pixels[(y * picture.width + x) * channels + c]! * slope + intercept;
    return String(Number(value.toPrecision(DIGITS))).replace("-", "−");
  });
  const text = channels < 3 ? values[0]! : `R ${values[0]} G ${values[1]} B ${values[2]}`;
  return `${x}, ${y}: ${text}${unit ? ` ${unit}` : ""}`;
}
