/** Whether anything of a prompt is on the image: the kernel refuses what is beside it. Image pixels. */
import { floor, ceil, max, min } from "./math";
import type { DrawnPrompt, Point } from "./protocol";
import type { Size } from "./view";

/** From a pixel's centre to its edge. */
const HALF = 0.5;
/** In pixels: what is nearer than this to an edge could be rounded over it. */
const ROUNDING = 0.01;

export function isSeen(prompt: DrawnPrompt, image: Size): boolean {
  if (prompt.kind === "click") return isOnImage([prompt.x, prompt.y], image);
  if (prompt.kind === "scribble") return lineIsSeen(prompt.points, image);
  if (prompt.kind === "lasso") {
    const ring = closed(prompt.points);
    // Or the image lies within an outline that does not touch it.
    return lineIsSeen(ring, image) || isInside(ring, [0, 0]);
  }
  const { x0, y0, x1, y1 } = prompt;
  return ceil(x1) >= 0 && ceil(y1) >= 0 && floor(x0) < image.width && floor(y0) < image.height;
}

export function closed(corners: readonly Point[]): Point[] {
  return [...corners, corners[0]!];
}

/** Even and odd. */
export function isInside(ring: Point[], [x, y]: Point): boolean {
  let inside = false;
  for (let i = 1; i < ring.length; i++) {
    const [[x0, y0], [x1, y1]] = [ring[i - 1]!, ring[i]!];
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  }
  return inside;
}

export function isOnImage([x, y]: Point, { width, height }: Size): boolean {
  return x >= -HALF && y >= -HALF && x <= width - HALF - ROUNDING && y <= height - HALF - ROUNDING;
}

export function lineIsSeen(points: Point[], image: Size): boolean {
  return points.some((point, i) => segmentIsSeen(points[i - 1] ?? point, point, image));
}

/** Liang and Barsky: whether a segment crosses the image. */
export function segmentIsSeen(from: Point, to: Point, image: Size): boolean {
  if (isOnImage(from, image) || isOnImage(to, image)) return true;
  let [first, last] = [0, 1];
  for (const [axis, length] of [[0, image.width], [1, image.height]] as const) {
    const [start, way] = [from[axis], to[axis] - from[axis]];
    const [low, high] = [-HALF + ROUNDING - start, length - HALF - ROUNDING - start];
    if (!way) {
      if (low > 0 || high < 0) return false;
      continue;
    }
    first = max(first, min(low / way, high / way));
    last = min(last, max(low / way, high / way));
  }
  return first <= last;
}
