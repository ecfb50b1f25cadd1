/** Areas drawn around: freehand, corner by corner, or as a circle. All are polygons, in image pixels. */
import { distance, distanceToSegment, rounded, simplify } from "./geometry";
import { max, round, within } from "./math";
import type { Lasso, Point } from "./protocol";
import { closed, isSeen } from "./seen";
import type { Size } from "./view";

/** In pixels: what is thinner is a line. */
const LEAST_WIDTH = 0.5;
/** A circle's sides are about this long, in pixels ... */
const SIDE = 1.5;
/** ... but so many that it is round, and no more than can be told apart. */
const [FEWEST_SIDES, MOST_SIDES] = [16, 96];

/** The polygon along `points`, or null when it holds nothing of the image. `tolerance`: see `simplify`. */
export function lassoAlong(points: Point[], positive: boolean, image: Size, tolerance = 0): Lasso | null {
  // The way back to the beginning is a side too.
  const corners = simplify(closed(points), tolerance).slice(0, -1);
  if (corners.length < 3 || widthOf(corners) < LEAST_WIDTH) return null;
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

/** How far its corners are at most from the line between two that are far apart; an eight has a width, though no area. */
function widthOf(ring: Point[]): number {
  const farthestFrom = (from: Point): Point => ring.reduce((a, b) => (distance(from, b) > distance(from, a) ? b : a));
  const end = farthestFrom(ring[0]!);
  const other = farthestFrom(end);
  return max(...ring.map((corner) => distanceToSegment(corner, end, other)));
}
