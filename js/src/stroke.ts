/** From pointer positions to one prompt. Image pixels throughout. */
import { distance, rounded, simplify } from "./geometry";
import { circleAround, lassoAlong } from "./lasso";
import { max, min, round } from "./math";
import type { Box, Click, DrawnPrompt, Point, Scribble } from "./protocol";
import { isOnImage, segmentIsSeen } from "./seen";
import type { Size } from "./view";

export type Tool = "scribble" | "click" | "box" | "lasso" | "circle" | "select" | "eraser";

/** What the next stroke is to be. */
export interface Mark {
  tool: Tool;
  label: number;
  positive: boolean;
  /** Brush width in image pixels. */
  width: number;
  /** It changes pixels of the mask, and is no prompt. */
  direct: boolean;
}

/** A person cannot draw finer than this, and the kernel needs no more. */
export const TOLERANCE = 0.25;

/** What is being drawn, while it is being drawn. */
export interface Stroke extends Mark {
  readonly points: Point[];
  /** Take the next position; those closer than `spacing` to the one before say nothing new. */
  extend(point: Point, spacing?: number): void;
  /** The prompt so far, or null when nothing of it is on the image. `tolerance`: see `simplify`. */
  prompt(image: Size, tolerance?: number): DrawnPrompt | null;
}

export function makeStroke(mark: Mark, first: Point): Stroke {
  const { tool, positive, width } = mark;
  const points = [first];
  const last = (): Point => points[points.length - 1]!;
  return {
    ...mark,
    points,
    extend(point, spacing = 0) {
      if (tool !== "scribble" && tool !== "lasso") points[1] = point;
      else if (distance(point, last()) > spacing) points.push(point);
    },
    prompt(image, tolerance = TOLERANCE) {
      if (tool === "click") return clickAt(last(), positive, image);
      if (tool === "box") return boxBetween(first, last(), image);
      if (tool === "circle") return circleAround(first, last(), positive, image);
      if (tool === "lasso") return lassoAlong(points, positive, image, tolerance);
      return scribbleAlong(points, positive, width, image, tolerance);
    },
  };
}

export function clickAt(point: Point, positive: boolean, image: Size): Click | null {
  return isOnImage(point, image) ? { kind: "click", x: rounded(point[0]), y: rounded(point[1]), positive } : null;
}

/** The pixels that a drag from any corner to the one across touches; only the part on the image. */
export function boxBetween(a: Point, b: Point, image: Size): Box | null {
  const span = (p: number, q: number, length: number): [number, number] | null => {
    const low = round(min(p, q));
    const high = round(max(p, q));
    return high < 0 || low > length - 1 ? null : [max(low, 0), min(high, length - 1)];
  };
  const x = span(a[0], b[0], image.width);
  const y = span(a[1], b[1], image.height);
  return x && y && { kind: "box", x0: x[0], y0: y[0], x1: x[1], y1: y[1] };
}

export function scribbleAlong(
  points: Point[],
  positive: boolean,
  width: number,
  image: Size,
  tolerance: number,
): Scribble | null {
  const drawn = inked(points, image);
  if (!drawn.length) return null;
  const kept = simplify(drawn, tolerance).map(([x, y]): Point => [rounded(x), rounded(y)]);
  return { kind: "scribble", points: kept, positive, width };
}

/** A stroke that starts or ends far outside keeps only what is on the image and one point beyond. */
function inked(points: Point[], image: Size): Point[] {
  const seen = points.map((point, i) => segmentIsSeen(points[i - 1] ?? point, point, image));
  const first = seen.indexOf(true);
  return first < 0 ? [] : points.slice(max(first - 1, 0), seen.lastIndexOf(true) + 1);
}
