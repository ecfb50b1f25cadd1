/** Prompts as things: what is under the pointer, the handles of it, and what it becomes when these are dragged. Image pixels. */
import { distanceToSegment, rounded } from "./geometry";
import { ceil, floor, max, min, round, within } from "./math";
import { isRaster, type Box, type DrawnPrompt, type Point, type Prompt } from "./protocol";
import { closed, isInside, isSeen } from "./seen";
import { boxBetween, clickAt } from "./stroke";
import type { Size } from "./view";

/** The handle that moves the whole prompt. */
export const WHOLE = -1;
/** A freehand stroke has more corners than anybody wants to drag one by one. */
const MOST_HANDLES = 16;

/**
 * Index of the prompt at a place, or -1: the nearest within reach. Later ones are above earlier ones, and lines above
 * areas: what lies within a box can still be had.
 */
export function promptAt(prompts: readonly Prompt[], at: Point, reach: number): number {
  // So near, all are under the pointer: a click on a stroke is above it.
  const under = reach / 4;
  const ways = prompts.map((prompt) => max(distanceTo(prompt, at), under));
  const nearest = min(...ways);
  return nearest <= reach ? ways.lastIndexOf(nearest) : prompts.map((prompt) => isWithin(prompt, at)).lastIndexOf(true);
}

/** From a place to what is drawn of a prompt; of a box or lasso, its border. */
export function distanceTo(prompt: Prompt, at: Point): number {
  if (isRaster(prompt)) return isWithin(prompt, at) ? 0 : Infinity;
  const width = prompt.kind === "scribble" ? prompt.width : 0;
  const line = lineOf(prompt);
  return min(...line.map((point, i) => distanceToSegment(at, line[i - 1] ?? point, point))) - width / 2;
}

/** The line that a prompt is drawn along; of a box, the edges of the pixels that it covers. */
export function lineOf(prompt: DrawnPrompt): Point[] {
  if (prompt.kind === "click") return [[prompt.x, prompt.y]];
  if (prompt.kind === "scribble") return prompt.points;
  return closed(prompt.kind === "box" ? cornersOf(prompt) : prompt.points);
}

function cornersOf(box: Box): Point[] {
  const [left, right] = [floor(box.x0) - 0.5, ceil(box.x1) + 0.5];
  const [top, bottom] = [floor(box.y0) - 0.5, ceil(box.y1) + 0.5];
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

function isWithin(prompt: Prompt, at: Point): boolean {
  if (prompt.kind === "box" || prompt.kind === "lasso") return isInside(lineOf(prompt), at);
  if (!isRaster(prompt)) return false;
  const [x, y] = at.map(round) as Point;
  const place = y * prompt.shape[1] + x;
  if (x < 0 || x >= prompt.shape[1]) return false;
  return prompt.runs.some((start, i) => i % 2 === 0 && place >= start && place < start + prompt.runs[i + 1]!);
}

export function isNegative(prompt: Prompt): boolean {
  return "positive" in prompt && !prompt.positive;
}

/** A place in the middle of a prompt; null of one that Python gave as pixels. */
export function middleOf(prompt: Prompt): Point | null {
  if (prompt.kind === "click") return [prompt.x, prompt.y];
  if (isRaster(prompt)) return null;
  const points = lineOf(prompt);
  if (prompt.kind === "scribble") return points[points.length >> 1]!;
  // Of an area: its outline goes round it.
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [(min(...xs) + max(...xs)) / 2, (min(...ys) + max(...ys)) / 2];
}

/** Where a prompt can be taken to change its shape: a box's corners, each followed by the middle of the next side. */
export function handlesOf(prompt: Prompt): Point[] {
  if (prompt.kind === "box") {
    const ring = lineOf(prompt);
    return ring.slice(1).flatMap((corner, i): Point[] => {
      const from = ring[i]!;
      return [from, [(from[0] + corner[0]) / 2, (from[1] + corner[1]) / 2]];
    });
  }
  if (prompt.kind === "click" || isRaster(prompt) || prompt.points.length > MOST_HANDLES) return [];
  return prompt.points;
}

/** Which sides of a box its handles move: left, top, right, bottom. */
const SIDES = ["lt", "t", "rt", "r", "rb", "b", "lb", "l"] as const;

/** The prompt after `handle` was dragged by (dx, dy); null when nothing of it is left on the image. */
export function reshaped(prompt: DrawnPrompt, handle: number, [dx, dy]: Point, image: Size): DrawnPrompt | null {
  if (prompt.kind === "click") return clickAt([prompt.x + dx, prompt.y + dy], prompt.positive, image);
  if (prompt.kind === "box") {
    const sides = handle === WHOLE ? "ltrb" : SIDES[handle]!;
    const by = (side: string, way: number): number => (sides.includes(side) ? way : 0);
    if (handle === WHOLE) {
      // Up to the image's edges; one that Python drew beyond them goes no farther.
      dx = within(round(dx), min(-prompt.x0, 0), max(image.width - 1 - prompt.x1, 0));
      dy = within(round(dy), min(-prompt.y0, 0), max(image.height - 1 - prompt.y1, 0));
      return { ...prompt, x0: prompt.x0 + dx, y0: prompt.y0 + dy, x1: prompt.x1 + dx, y1: prompt.y1 + dy };
    }
    const [x0, y0] = [prompt.x0 + by("l", dx), prompt.y0 + by("t", dy)];
    return boxBetween([x0, y0], [prompt.x1 + by("r", dx), prompt.y1 + by("b", dy)], image);
  }
  const points = prompt.points.map(([x, y], i): Point =>
    handle === WHOLE || handle === i ? [rounded(x + dx), rounded(y + dy)] : [x, y],
  );
  const moved = { ...prompt, points };
  return isSeen(moved, image) ? moved : null;
}
