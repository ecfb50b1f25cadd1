/**
 * Prompts as they look on the picture. Signs differ in more than colour: positive is green, solid, with a plus; negative
 * is orange, dashed, with a minus. Everything has a dark halo and so shows on any picture.
 */
import { ceil, floor, max, min, round } from "./math";
import { isRaster, type Lasso, type Point, type Prompt, type Raster, type Scribble } from "./protocol";
import type { View } from "./view";

export const SIGN_COLORS = { positive: "#00b894", negative: "#ff7a45" };
const HALO = "rgba(0, 0, 0, 0.55)";
const SELECTED = "#4c8dff";
/** Where pixels of the mask are being cleared. */
const CLEARED = "#fff";
/** Opacity of what changes the mask, while it is being drawn. */
const INK = 0.55;

/** In CSS pixels: a smaller sign could not be read. */
const LEAST_ARM = 1.7;

export interface PromptStyle {
  /** Canvas pixels in a CSS pixel. */
  ratio: number;
  /** Being drawn or waiting for its answer; failed: refused by the kernel. */
  state: "kept" | "pending" | "failed";
  /** It will change the mask, whose colour it has. */
  ink?: string;
  selected?: boolean;
  /** A polygon under way: not closed yet. */
  open?: boolean;
}

/** The shapes of prompts that were drawn before. */
const PATHS = new WeakMap<Prompt, Path2D>();

function pathOf(prompt: Prompt, make: () => Path2D): Path2D {
  let path = PATHS.get(prompt);
  if (!path) PATHS.set(prompt, (path = make()));
  return path;
}

export function drawPrompt(context: CanvasRenderingContext2D, prompt: Prompt, view: View, style: PromptStyle): void {
  context.save();
  if (style.state === "failed") context.globalAlpha = 0.45;
  if (style.ink) drawInk(context, prompt, view, style);
  else if (prompt.kind === "click") drawClick(context, place(view, [prompt.x, prompt.y]), prompt.positive, style);
  else if (prompt.kind === "box") drawBox(context, view, prompt, style);
  else if (isRaster(prompt)) drawRaster(context, prompt, view, style);
  else if (prompt.kind === "lasso") drawLasso(context, prompt, view, style);
  else drawStroke(context, prompt, view, style);
  context.restore();
}

function drawStroke(
  context: CanvasRenderingContext2D,
  prompt: Scribble,
  view: View,
  { ratio, state, selected }: PromptStyle,
): void {
  const path = pathOf(prompt, () => polyline(prompt.points));
  const alpha = context.globalAlpha;
  const pixel = 1 / view.scale;
  const width = max(prompt.width, 2 * ratio * pixel);
  const color = signColor(prompt.positive);
  toPixels(context, view);
  context.lineJoin = "round";
  const line = (extra: number, style: string, opacity = 1): void => {
    context.globalAlpha = alpha * opacity;
    context.lineWidth = width + extra * ratio * pixel;
    context.strokeStyle = style;
    context.stroke(path);
  };
  context.lineCap = "round";
  if (selected) line(8, SELECTED);
  line(4, HALO, 0.6);
  // An outline: a wider line whose inside is taken away again.
  if (!prompt.positive) {
    context.setLineDash([5 * ratio * pixel, 4 * ratio * pixel]);
    context.lineCap = "butt";
  }
  line(2.4, color);
  context.setLineDash([]);
  context.lineCap = "round";
  context.globalCompositeOperation = "destination-out";
  line(0, "#000");
  context.globalCompositeOperation = "source-over";
  line(0, color, state === "pending" ? 0.8 : 0.55);
  // Where there is room for it, the sign itself, at the stroke's beginning.
  const arm = min(0.3 * width, 3.5 * ratio * pixel);
  if (arm < LEAST_ARM * ratio * pixel) return;
  context.globalAlpha = alpha;
  drawSign(context, prompt.points[0]!, arm, prompt.positive);
}

function drawLasso(
  context: CanvasRenderingContext2D,
  prompt: Lasso,
  view: View,
  { ratio, state, selected, open }: PromptStyle,
): void {
  const path = pathOf(prompt, () => polygon(prompt.points, open));
  const color = signColor(prompt.positive);
  const pixel = ratio / view.scale;
  context.save();
  toPixels(context, view);
  context.lineJoin = "round";
  context.fillStyle = color;
  context.globalAlpha *= state === "pending" ? 0.25 : 0.12;
  context.fill(path);
  context.globalAlpha = state === "failed" ? 0.45 : 1;
  const line = (width: number, style: string, dash: number[] = []): void => {
    context.setLineDash(dash.map((length) => length * pixel));
    context.lineWidth = width * pixel;
    context.strokeStyle = style;
    context.stroke(path);
  };
  if (selected) line(7, SELECTED);
  line(4, HALO);
  line(2, color, prompt.positive ? [] : [5, 4]);
  context.restore();
  const [first, ...corners] = prompt.points;
  if (open) for (const corner of corners.slice(0, -1)) disc(context, place(view, corner), 3 * ratio, "#fff");
  drawBadge(context, place(view, first!), prompt.positive, ratio);
}

/** Pixels that are to be set, or cleared. */
function drawInk(context: CanvasRenderingContext2D, prompt: Prompt, view: View, { ratio, ink, open }: PromptStyle): void {
  if (isRaster(prompt) || prompt.kind === "click" || prompt.kind === "box") return;
  const isArea = prompt.kind === "lasso";
  const path = pathOf(prompt, () => (isArea ? polygon(prompt.points, open) : polyline(prompt.points)));
  toPixels(context, view);
  context.lineCap = context.lineJoin = "round";
  context.globalAlpha *= INK;
  context.strokeStyle = context.fillStyle = prompt.positive ? ink! : CLEARED;
  context.lineWidth = isArea ? (2 * ratio) / view.scale : prompt.width;
  if (isArea) context.fill(path);
  context.stroke(path);
}

function drawRaster(context: CanvasRenderingContext2D, prompt: Raster, view: View, { selected }: PromptStyle): void {
  const path = pathOf(prompt, () => rasterPath(prompt.runs, prompt.shape[1]));
  context.translate(view.x, view.y);
  context.scale(view.scale, view.scale);
  context.globalAlpha *= 0.6;
  context.fillStyle = selected ? SELECTED : signColor(prompt.positive);
  context.fill(path);
}

/** Start, length, start, length, ... in row order, cut into pieces of one row: [x, y, length]. */
export function rowPieces(runs: number[], width: number): [number, number, number][] {
  const pieces: [number, number, number][] = [];
  for (let i = 0; i + 1 < runs.length; i += 2) {
    let start = runs[i]!;
    const end = start + runs[i + 1]!;
    while (start < end) {
      const row = floor(start / width);
      const length = min(end, (row + 1) * width) - start;
      pieces.push([start - row * width, row, length]);
      start += length;
    }
  }
  return pieces;
}

function drawClick(
  context: CanvasRenderingContext2D,
  [x, y]: Point,
  positive: boolean,
  { ratio, state, selected }: PromptStyle,
): void {
  const ring = (radius: number, fill: string): void => disc(context, [x, y], radius * ratio, fill);
  if (selected) ring(11, SELECTED);
  ring(8.5, HALO);
  ring(7.5, "#fff");
  ring(6, state === "pending" ? mixed(signColor(positive)) : signColor(positive));
  drawSign(context, [x, y], 3 * ratio, positive);
}

/** The sign of a line, at its beginning. */
function drawBadge(context: CanvasRenderingContext2D, at: Point, positive: boolean, ratio: number): void {
  disc(context, at, 6 * ratio, HALO);
  disc(context, at, 5 * ratio, signColor(positive));
  drawSign(context, at, 2.6 * ratio, positive);
}

function disc(context: CanvasRenderingContext2D, [x, y]: Point, radius: number, fill: string): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
}

/** Handles of what is selected, at places in canvas pixels. */
export function drawHandles(context: CanvasRenderingContext2D, handles: Point[], ratio: number): void {
  const side = 8 * ratio;
  context.lineWidth = 1.5 * ratio;
  context.fillStyle = "#fff";
  context.strokeStyle = SELECTED;
  for (const [x, y] of handles) {
    context.beginPath();
    context.rect(x - side / 2, y - side / 2, side, side);
    context.fill();
    context.stroke();
  }
}

function drawSign(context: CanvasRenderingContext2D, [x, y]: Point, arm: number, positive: boolean): void {
  context.beginPath();
  context.moveTo(x - arm, y);
  context.lineTo(x + arm, y);
  if (positive) {
    context.moveTo(x, y - arm);
    context.lineTo(x, y + arm);
  }
  context.lineCap = "butt";
  context.lineWidth = 0.6 * arm;
  context.strokeStyle = "#fff";
  context.stroke();
}

/** The edges of the pixels that the box covers. */
function drawBox(
  context: CanvasRenderingContext2D,
  view: View,
  box: Extract<Prompt, { kind: "box" }>,
  { ratio, state, selected }: PromptStyle,
): void {
  const x = view.x + floor(box.x0) * view.scale;
  const y = view.y + floor(box.y0) * view.scale;
  const width = (ceil(box.x1) + 1) * view.scale + view.x - x;
  const height = (ceil(box.y1) + 1) * view.scale + view.y - y;
  context.lineJoin = "round";
  const line = (thickness: number, style: string): void => {
    context.lineWidth = thickness * ratio;
    context.strokeStyle = style;
    context.strokeRect(x, y, width, height);
  };
  if (selected) line(7, SELECTED);
  line(4, HALO);
  if (state === "pending") context.setLineDash([6 * ratio, 4 * ratio]);
  line(2, SIGN_COLORS.positive);
}

/** Draw in image pixels, whose centres are at integers. */
function toPixels(context: CanvasRenderingContext2D, view: View): void {
  context.translate(view.x + view.scale / 2, view.y + view.scale / 2);
  context.scale(view.scale, view.scale);
}

function polygon(points: Point[], open = false): Path2D {
  const path = polyline(points);
  if (!open) path.closePath();
  return path;
}

function polyline(points: Point[]): Path2D {
  const path = new Path2D();
  points.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
  // A line of no length would not be drawn, though its round end should.
  if (points.length === 1) path.lineTo(points[0]![0] + 1e-3, points[0]![1]);
  return path;
}

function rasterPath(runs: number[], width: number): Path2D {
  const path = new Path2D();
  for (const [x, y, length] of rowPieces(runs, width)) path.rect(x, y, length, 1);
  return path;
}

function place(view: View, [x, y]: Point): Point {
  return [view.x + (x + 0.5) * view.scale, view.y + (y + 0.5) * view.scale];
}

function signColor(positive: boolean): string {
  return positive ? SIGN_COLORS.positive : SIGN_COLORS.negative;
}

/** Paler: not yet answered. */
function mixed(color: string): string {
  const channel = (at: number): number => round((parseInt(color.slice(at, at + 2), 16) + 160) / 2);
  return `rgb(${channel(1)}, ${channel(3)}, ${channel(5)})`;
}
