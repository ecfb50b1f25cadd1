/** The border of a mask along the edges of its pixels, as horizontal and vertical lines. */
import { max, min } from "./math";

/** A mask with one pixel more on every side, so that what lies beyond the edges is known. */
export interface Framed {
  width: number;
  height: number;
  /** (height + 2) x (width + 2) zeros and ones. */
  pixels: Uint8Array;
}

export function framed(width: number, height: number): Framed {
  return { width, height, pixels: new Uint8Array((width + 2) * (height + 2)) };
}

/**
 * Lines [x0, y0, x1, y1, ...] in pixel edges: (0, 0) is the top left corner of the first pixel inside the frame. Every
 * pixel's top and left edges are looked at; `last` asks for those at the right and bottom of the frame too, which
 * otherwise belong to the next tile.
 */
export function contourLines(mask: Framed, last: { right: boolean; bottom: boolean }): number[] {
  const box = occupied(mask);
  if (!box) return [];
  const { width, height, pixels } = mask;
  const stride = width + 2;
  const lines: number[] = [];
  // Edge k lies between pixels k - 1 and k, which are k and k + 1 with the frame.
  const [top, bottom] = [max(box.top - 1, 0), min(box.bottom - 1, height - (last.bottom ? 0 : 1))];
  const [left, right] = [max(box.left - 1, 0), min(box.right - 1, width - (last.right ? 0 : 1))];
  const [x0, x1] = [max(box.left - 1, 0), min(box.right - 1, width)];
  const [y0, y1] = [max(box.top - 1, 0), min(box.bottom - 1, height)];
  for (let y = top; y <= bottom; y++) {
    let from = -1;
    for (let x = x0, at = y * stride + x0 + 1; x <= x1; x++, at++) {
      const edge = x < x1 && pixels[at] !== pixels[at + stride];
      if (edge && from < 0) from = x;
      else if (!edge && from >= 0) {
        lines.push(from, y, x, y);
        from = -1;
      }
    }
  }
  for (let x = left; x <= right; x++) {
    let from = -1;
    for (let y = y0, at = (y0 + 1) * stride + x; y <= y1; y++, at += stride) {
      const edge = y < y1 && pixels[at] !== pixels[at + 1];
      if (edge && from < 0) from = y;
      else if (!edge && from >= 0) {
        lines.push(x, from, x, y);
        from = -1;
      }
    }
  }
  return lines;
}

/** The rows and columns with a pixel in them, frame included and counted from it; right and bottom exclusive. */
function occupied({ width, height, pixels }: Framed): { left: number; top: number; right: number; bottom: number } | null {
  const stride = width + 2;
  let [left, top, right, bottom] = [stride, -1, 0, 0];
  for (let y = 0; y < height + 2; y++) {
    const row = pixels.subarray(y * stride, (y + 1) * stride);
    const first = row.indexOf(1);
    if (first < 0) continue;
    if (top < 0) top = y;
    bottom = y + 1;
    left = min(left, first);
    right = max(right, row.lastIndexOf(1) + 1);
  }
  return top < 0 ? null : { left, top, right, bottom };
}
