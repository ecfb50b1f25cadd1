/**
 * Where the image is on the screen. `x`, `y` are the place of the image's top left corner (of the pixel's corner, not
 * its centre) and `scale` the length of an image pixel, both in CSS pixels of the canvas.
 */
import { max, min, round, within } from "./math";
import type { Point } from "./protocol";

export interface View {
  x: number;
  y: number;
  scale: number;
}
export interface Size {
  width: number;
  height: number;
}

/** A pixel this large is as large as anybody needs it. */
const LARGEST_PIXEL = 48;
const LOWEST_STAGE = 200;
/** From here on room is given only to an image that has pixels for it, if no more than twice over. */
const USUAL_HIGHEST = 560;
const LARGEST_USUAL_PIXEL = 2;
/** Of the window: tools and facts must stay in sight with the picture. */
const HIGHEST_SHARE = 0.65;

/** How high the canvas should be for an image, given the width that the cell leaves. */
export function stageHeight(image: Size, width: number, windowHeight: number): number {
  const wanted = max(USUAL_HIGHEST, LARGEST_USUAL_PIXEL * image.height);
  const highest = max(min(wanted, windowHeight * HIGHEST_SHARE), LOWEST_STAGE);
  return round(within((width * image.height) / image.width, LOWEST_STAGE, highest));
}

export function fit(image: Size, stage: Size): View {
  const scale = min(stage.width / image.width, stage.height / image.height);
  return { scale, x: (stage.width - image.width * scale) / 2, y: (stage.height - image.height * scale) / 2 };
}

export function largestScale(image: Size, stage: Size): number {
  return max(LARGEST_PIXEL, 2 * fit(image, stage).scale);
}

/**
 * Zoom by `factor`, keeping the image's point under `at` in its place; never smaller than `fit`, or than it is where
 * that is smaller yet (small images at their own size).
 */
export function zoomAt(view: View, at: Point, factor: number, image: Size, stage: Size): View {
  const smallest = min(fit(image, stage).scale, view.scale);
  return scaleAt(view, at, within(view.scale * factor, smallest, largestScale(image, stage)));
}

/** Give an image pixel the length `scale`, keeping the image's point under `at` in its place. */
export function scaleAt(view: View, at: Point, scale: number): View {
  const ratio = scale / view.scale;
  return { scale, x: at[0] - (at[0] - view.x) * ratio, y: at[1] - (at[1] - view.y) * ratio };
}

export function pan(view: View, dx: number, dy: number): View {
  return { ...view, x: view.x + dx, y: view.y + dy };
}

/**
 * Keep the picture from being lost: its edges come no further in than they are when it fits, and a little beyond the more
 * it is magnified. So it can be zoomed about any of its points, and is in the middle again when it fits.
 */
export function clamp(view: View, image: Size, stage: Size): View {
  const fitted = fit(image, stage);
  const spare = max(1 - fitted.scale / view.scale, 0) / 4;
  const place = (at: number, length: number, room: number, beside: number): number => {
    if (view.scale < fitted.scale) return (room - length) / 2;
    const furthest = beside + spare * room;
    return within(at, room - length - furthest, furthest);
  };
  return {
    scale: view.scale,
    x: place(view.x, image.width * view.scale, stage.width, fitted.x),
    y: place(view.y, image.height * view.scale, stage.height, fitted.y),
  };
}

/** Move the picture as little as brings `at` (CSS pixels) within `margin` of no edge. */
export function follow(view: View, [x, y]: Point, stage: Size, margin: number): View {
  const excess = (place: number, room: number): number =>
    max(margin - place, 0) || min(room - margin - place, 0);
  return pan(view, excess(x, stage.width), excess(y, stage.height));
}

/** The part of the image that is seen, in shares of its width and height; null when that is all of it. */
export function seenPart(view: View, image: Size, stage: Size): { x: number; y: number; width: number; height: number } | null {
  const [width, height] = [image.width * view.scale, image.height * view.scale];
  // Half a pixel is no reason to show where one is.
  if (width <= stage.width + 0.5 && height <= stage.height + 0.5) return null;
  const [left, top] = [max(-view.x / width, 0), max(-view.y / height, 0)];
  const [right, bottom] = [min((stage.width - view.x) / width, 1), min((stage.height - view.y) / height, 1)];
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The view whose middle is the place at these shares of the image's width and height. */
export function centredOn(view: View, [x, y]: Point, image: Size, stage: Size): View {
  return {
    scale: view.scale,
    x: stage.width / 2 - x * image.width * view.scale,
    y: stage.height / 2 - y * image.height * view.scale,
  };
}

/** The same part of the picture on a canvas of another size. */
export function resized(view: View, image: Size, before: Size, after: Size): View {
  const fitted = fit(image, before);
  if (Math.abs(view.scale - fitted.scale) < 1e-9) return fit(image, after);
  const middle: Point = [after.width / 2, after.height / 2];
  const moved = pan(view, (after.width - before.width) / 2, (after.height - before.height) / 2);
  return clamp(zoomAt(moved, middle, 1, image, after), image, after);
}

/** Screen to image pixels, whose centres are at integers. */
export function toImage(view: View, [x, y]: Point): Point {
  return [(x - view.x) / view.scale - 0.5, (y - view.y) / view.scale - 0.5];
}

export function toScreen(view: View, [x, y]: Point): Point {
  return [view.x + (x + 0.5) * view.scale, view.y + (y + 0.5) * view.scale];
}
