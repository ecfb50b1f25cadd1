/** Points and lines. */
import { hypot, round, within } from "./math";
import type { Point } from "./protocol";

/** Douglas and Peucker: the fewest of the points whose polyline stays within `tolerance` of all of them. */
export function simplify(points: Point[], tolerance: number): Point[] {
  if (points.length < 3) return points.slice();
  const kept = new Uint8Array(points.length);
  kept[0] = kept[points.length - 1] = 1;
  // A stack instead of recursion: a long stroke has thousands of points.
  const open: [number, number][] = [[0, points.length - 1]];
  for (let range = open.pop(); range; range = open.pop()) {
    const [from, to] = range;
    let [farthest, most] = [-1, tolerance];
    for (let i = from + 1; i < to; i++) {
      const off = distanceToSegment(points[i]!, points[from]!, points[to]!);
      if (off > most) [farthest, most] = [i, off];
    }
    if (farthest < 0) continue;
    kept[farthest] = 1;
    open.push([from, farthest], [farthest, to]);
  }
  return points.filter((_, i) => kept[i]);
}

export function distanceToSegment(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const t = length ? within(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length, 0, 1) : 0;
  return hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

export function distance(a: Point, b: Point): number {
  return hypot(a[0] - b[0], a[1] - b[1]);
}

/** Hundredths of a pixel are all that a prompt needs. */
export function rounded(value: number): number {
  return round(value * 100) / 100;
}
