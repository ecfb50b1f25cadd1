/**
 * Images are painted in tiles of a reduction level: at level n a tile's pixel stands for 2^n x 2^n image pixels. Only
 * tiles that can be seen exist, so an image of any size costs what its part on the screen costs.
 */
import { ceil, floor, max, min, round } from "./math";
import type { Rect } from "./planes";
import type { Size, View } from "./view";

export const TILE = 512;

export interface TileSpan {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The level whose pixels are between half a screen pixel and one, or larger at level 0. */
export function levelFor(scale: number): number {
  return scale >= 1 ? 0 : floor(Math.log2(1 / scale) + 1e-9);
}

/** Width and height of a level; pixels at the right and bottom edge may stand for fewer image pixels. */
export function levelSize(image: Size, level: number): Size {
  return { width: ceil(image.width / 2 ** level), height: ceil(image.height / 2 ** level) };
}

/** The tiles that `view` shows on a canvas of `stage`; right and bottom are exclusive. */
export function visibleTiles(view: View, stage: Size, image: Size, level: number): TileSpan {
  const side = TILE * 2 ** level * view.scale;
  const size = levelSize(image, level);
  const first = (offset: number): number => max(floor(-offset / side), 0);
  const end = (offset: number, room: number, length: number): number =>
    min(ceil((room - offset) / side), ceil(length / TILE));
  return {
    left: first(view.x),
    top: first(view.y),
    right: end(view.x, stage.width, size.width),
    bottom: end(view.y, stage.height, size.height),
  };
}

/** A tile's rectangle in pixels of its level. */
export function tileRect(column: number, row: number, level: number, image: Size): Rect {
  const size = levelSize(image, level);
  const [x, y] = [column * TILE, row * TILE];
  return { x, y, width: min(TILE, size.width - x), height: min(TILE, size.height - y) };
}

export interface Placed {
  /** Width and height of the part of the tile that is image: the last pixel may stand for less than a whole one. */
  sourceWidth: number;
  sourceHeight: number;
  target: Rect;
}

/** Where a tile goes on the canvas. Edges are whole canvas pixels, so that no seam shows between tiles. */
export function placeTile(rect: Rect, level: number, view: View, image: Size): Placed {
  const side = 2 ** level;
  const right = min((rect.x + rect.width) * side, image.width);
  const bottom = min((rect.y + rect.height) * side, image.height);
  const x = round(view.x + rect.x * side * view.scale);
  const y = round(view.y + rect.y * side * view.scale);
  return {
    sourceWidth: right / side - rect.x,
    sourceHeight: bottom / side - rect.y,
    target: {
      x,
      y,
      width: max(round(view.x + right * view.scale) - x, 1),
      height: max(round(view.y + bottom * view.scale) - y, 1),
    },
  };
}

/** Draw a tile's pixels where they go: as they are where they are magnified, else smoothed. */
export function drawTile(
  context: CanvasRenderingContext2D,
  pixels: HTMLCanvasElement,
  rect: Rect,
  level: number,
  view: View,
  image: Size,
): void {
  const { sourceWidth, sourceHeight, target } = placeTile(rect, level, view, image);
  context.imageSmoothingEnabled = view.scale * 2 ** level < 1;
  context.drawImage(pixels, 0, 0, sourceWidth, sourceHeight, target.x, target.y, target.width, target.height);
}
