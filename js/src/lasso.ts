/** Areas drawn around: freehand, corner by corner, or as a circle. All are polygons, in image pixels. */
import { distance, rounded, simplify } from "./geometry";
import { round, within } from "./math";
import type { Lasso, Point } from "./protocol";
import { closed, isSeen } from "./seen";
import type { Size } from "./view";

/** In square pixels: what is smaller holds no pixel. */
const LEAST_AREA = 0.5;
/** A circle's sides are about this long, in pixels ... */
const SIDE = 1.5;
/** ... but so many that it is round, and no more than can be told apart. */
const [FEWEST_SIDES, MOST_SIDES] = [16, 96];

/** The polygon along `points`, or null when it holds nothing of the image. `tolerance`: see `simplify`. */
export function lassoAlong(points: Point[], positive: boolean, image: Size, tolerance = 0): Lasso | null {
  // The way back to the beginning is a side too.
  const corners = simplify(closed(points), tolerance).slice(0, -1);
  if (corners.length < 3 || areaOf(corners) < LEAST_AREA) return null;
  const lasso: Lasso = { kind: "lasso", points: corners.map(([x, y]): Point => [rounded(x), rounded(y)]), positive };
  return isSeen(lasso, image) ? lasso : null;
}

export function circleAround(middle: Point, edge: Point, positive: boolean, image: Size): Lasso | null {
  const radius = distance(edge, middle);
  const sides = within(round((2 * Math.PI * radius) / SIDE), FEWEST_SIDES, MOST_SIDES);
  const corners = Array.from({ length: sides }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / sides;
    return [middle[0] + radius * Math.cos(angle), middle[1] + radius * Math.sin(angle)];
  });
  return lassoAlong(corners, positive, image);
}

/** In square pixels, whichever way round. */
function areaOf(ring: Point[]): number {
  const twice = ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length]!;
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(twice) / 2;
}
