/** What an eraser leaves of prompts: polylines less a thick stroke. Image pixels. */
import { distance, distanceToSegment, rounded } from "./geometry";
import { floor, max, min } from "./math";
import { isRaster, type DrawnPrompt, type Point, type Prompt, type Reprompt } from "./protocol";
import { rowPieces } from "./promptart";
import { lineOf } from "./reshape";
import { isSeen } from "./seen";
import type { Size } from "./view";

/** Halvings of a segment in the search for where it is cut: to a thousandth of a pixel and less. */
const HALVINGS = 24;
/** In pixels: a piece shorter than this is a crumb. */
const LEAST_PIECE = 0.5;

/** An eraser's way, `radius` wide on both sides. */
export interface Wipe {
  points: Point[];
  radius: number;
  /** How much further it reaches clicks, which are drawn larger than they are. */
  reach: number;
}

/** The changes that a wipe makes to a list of prompts: scribbles lose what it went over, all else that it touched goes. */
export function wiped(prompts: readonly Prompt[], wipe: Wipe, image: Size): Reprompt[] {
  return prompts.flatMap((prompt, index): Reprompt[] => {
    const left = remains(prompt, wipe);
    return left ? [{ index, prompts: left.filter((piece) => isSeen(piece, image)) }] : [];
  });
}

/** What is left of a prompt; null: it was not touched. */
function remains(prompt: Prompt, { points, radius, reach }: Wipe): DrawnPrompt[] | null {
  if (isRaster(prompt)) {
    const rows = rowPieces(prompt.runs, prompt.shape[1]);
    const isHit = rows.some(([x, y, length]) => cut([[x, y], [x + length - 1, y]], points, radius + 0.5));
    return isHit ? [] : null;
  }
  const more = prompt.kind === "scribble" ? prompt.width / 2 : prompt.kind === "click" ? reach : 0;
  const pieces = cut(lineOf(prompt), points, radius + more);
  if (!pieces) return null;
  return prompt.kind === "scribble" ? pieces.map((piece) => ({ ...prompt, points: piece })) : [];
}

/** The pieces of `line` that are further than `radius` from the polyline `by`; null: all of it is. */
export function cut(line: Point[], by: Point[], radius: number): Point[][] | null {
  const gone = goneParts(line, by, radius);
  if (!gone.length) return null;
  const pieces: Point[][] = [];
  let from = 0;
  for (const [start, end] of [...gone, [line.length - 1, Infinity] as const]) {
    if (start > from) {
      const corners = line.filter((_, i) => i > from && i < start);
      const piece = [pointAt(line, from), ...corners, pointAt(line, start)];
      if (lengthOf(piece) >= LEAST_PIECE) pieces.push(piece);
    }
    from = max(from, end);
  }
  return pieces;
}

/** Where `line` comes too near, in the order of the line; 2.5 is the middle between its points 2 and 3. */
function goneParts(line: Point[], by: Point[], radius: number): [start: number, end: number][] {
  const parts: [number, number][] = [];
  for (let i = 0; i < max(line.length - 1, 1); i++) {
    const [p, q] = [line[i]!, line[i + 1] ?? line[i]!];
    for (let j = 0; j < max(by.length - 1, 1); j++) {
      const part = nearPart(p, q, by[j]!, by[j + 1] ?? by[j]!, radius);
      if (part) parts.push([i + part[0], i + part[1]]);
    }
  }
  return parts.sort((a, b) => a[0] - b[0]);
}

/** The part of the segment p q that is within `radius` of the segment a b. It is one part, since both are convex. */
function nearPart(p: Point, q: Point, a: Point, b: Point, radius: number): [number, number] | null {
  for (const axis of [0, 1]) {
    if (max(p[axis]!, q[axis]!) + radius < min(a[axis]!, b[axis]!)) return null;
    if (min(p[axis]!, q[axis]!) - radius > max(a[axis]!, b[axis]!)) return null;
  }
  const off = (t: number): number => distanceToSegment(between(p, q, t), a, b);
  let [low, high] = [0, 1];
  for (let i = 0; i < 2 * HALVINGS; i++) {
    const third = (high - low) / 3;
    if (off(low + third) < off(high - third)) high -= third;
    else low += third;
  }
  const nearest = (low + high) / 2;
  if (off(nearest) > radius) return null;
  const edge = (end: number): number => {
    if (off(end) <= radius) return end;
    let [near, far] = [nearest, end];
    for (let i = 0; i < HALVINGS; i++) {
      const middle = (near + far) / 2;
      if (off(middle) > radius) far = middle;
      else near = middle;
    }
    return far;
  };
  return [edge(0), edge(1)];
}

function pointAt(line: Point[], place: number): Point {
  const index = floor(place);
  const [p, q] = [line[index]!, line[index + 1] ?? line[index]!];
  const [x, y] = between(p, q, place - index);
  return [rounded(x), rounded(y)];
}

function between(p: Point, q: Point, t: number): Point {
  return [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])];
}

function lengthOf(line: Point[]): number {
  return line.reduce((sum, point, i) => sum + (i ? distance(point, line[i - 1]!) : 0), 0);
}
