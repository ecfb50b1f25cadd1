/** One label's mask on the screen: a tint and a line along its border, kept up to date tile by tile. */
import { contourLines, framed, type Framed } from "./contour";
import { ceil, floor, max, min } from "./math";
import type { Rect } from "./planes";
import { freeSurface, makeSurface, writePixels, type Surface } from "./surface";
import { drawTile, levelFor, TILE, tileRect, visibleTiles } from "./tiles";
import type { Size, View } from "./view";

export type MaskMode = "fill" | "contour" | "both";

/** Under the line, so that it shows on a picture of its own colour. In widths of the line. */
const HALO_WIDTH = 1.8;
const HALO = "rgba(0, 0, 0, 0.28)";

export interface OverlayStyle {
  /** #rrggbb */
  color: string;
  mode: MaskMode;
  /** Of the tint, 0 to 1. */
  opacity: number;
  /** Of the line, in canvas pixels. */
  lineWidth: number;
}

interface Tile {
  rect: Rect;
  mask: Framed;
  surface: Surface | null;
  path: Path2D | null;
  /** What of it has to be painted again, in the tile's own pixels; null: nothing. */
  stale: Rect | null;
}

export interface Overlay {
  /** Pixels of the mask changed in `rect` (image pixels). */
  touch(rect: Rect): void;
  /** Draw what is seen; `view` in canvas pixels. */
  draw(context: CanvasRenderingContext2D, view: View, stage: Size, style: OverlayStyle): void;
  free(): void;
}

export function makeOverlay(image: Size, plane: () => Uint8Array | undefined): Overlay {
  const tiles = new Map<string, Tile>();
  let level = -1;
  let color = "";

  function drop(key: string, tile: Tile): void {
    freeSurface(tile.surface);
    tiles.delete(key);
  }

  function free(): void {
    tiles.forEach((tile, key) => drop(key, tile));
  }

  function seenTiles(view: View, stage: Size): Set<Tile> {
    const span = visibleTiles(view, stage, image, level);
    const seen = new Set<Tile>();
    for (let row = span.top; row < span.bottom; row++) {
      for (let column = span.left; column < span.right; column++) seen.add(tileAt(column, row));
    }
    return seen;
  }

  function tileAt(column: number, row: number): Tile {
    const key = `${row}/${column}`;
    let tile = tiles.get(key);
    if (!tile) {
      const rect = tileRect(column, row, level, image);
      const mask = framed(rect.width, rect.height);
      tile = { rect, mask, surface: null, path: null, stale: { ...rect, x: 0, y: 0 } };
      tiles.set(key, tile);
    }
    return tile;
  }

  function refresh(tile: Tile, pixels: Uint8Array): void {
    const { stale, rect, mask } = tile;
    if (!stale) return;
    tile.stale = null;
    tile.path = null;
    copyMask(pixels, image, level, rect, stale, mask);
    if (!mask.pixels.includes(1)) {
      freeSurface(tile.surface);
      tile.surface = null;
      return;
    }
    // A new surface is blank: all that is set has to be painted, and what was painted before is not there.
    const area = tile.surface ? stale : { ...rect, x: 0, y: 0 };
    tile.surface ??= makeSurface(rect.width, rect.height);
    if (tile.surface) writePixels(tile.surface, area, (out) => tint(mask, area, pixelOf(color), out));
  }

  function drawTint(context: CanvasRenderingContext2D, view: View, seen: Set<Tile>, opacity: number): void {
    context.save();
    context.globalAlpha = opacity;
    for (const { surface, rect } of seen) if (surface) drawTile(context, surface.canvas, rect, level, view, image);
    context.restore();
  }

  function drawLines(context: CanvasRenderingContext2D, view: View, seen: Set<Tile>, lineWidth: number): void {
    const scale = view.scale * 2 ** level;
    const stroke = (style: string, width: number): void => {
      for (const tile of seen) {
        if (!tile.surface) continue;
        context.save();
        context.translate(view.x + tile.rect.x * scale, view.y + tile.rect.y * scale);
        context.scale(scale, scale);
        context.lineCap = "square"; // lines meet at corners without a notch
        context.lineWidth = width / scale;
        context.strokeStyle = style;
        context.stroke((tile.path ??= pathOf(tile)));
        context.restore();
      }
    };
    stroke(HALO, lineWidth * HALO_WIDTH);
    stroke(color, lineWidth);
  }

  function pathOf({ mask, rect }: Tile): Path2D {
    const side = 2 ** level;
    const lines = contourLines(mask, {
      right: (rect.x + TILE) * side >= image.width,
      bottom: (rect.y + TILE) * side >= image.height,
    });
    const path = new Path2D();
    for (let i = 0; i < lines.length; i += 4) {
      path.moveTo(lines[i]!, lines[i + 1]!);
      path.lineTo(lines[i + 2]!, lines[i + 3]!);
    }
    return path;
  }

  return {
    touch(rect) {
      const side = 2 ** level;
      for (const tile of tiles.values()) {
        // One pixel more on each side: a pixel at a tile's edge is part of its neighbour's frame.
        const x = max(floor(rect.x / side) - tile.rect.x - 1, 0);
        const y = max(floor(rect.y / side) - tile.rect.y - 1, 0);
        const width = min(ceil((rect.x + rect.width) / side) - tile.rect.x + 1, tile.rect.width) - x;
        const height = min(ceil((rect.y + rect.height) / side) - tile.rect.y + 1, tile.rect.height) - y;
        if (width > 0 && height > 0) tile.stale = joined(tile.stale, { x, y, width, height });
      }
    },
    draw(context, view, stage, style) {
      const pixels = plane();
      if (!pixels) return;
      const wanted = levelFor(view.scale);
      if (wanted !== level || style.color !== color) free();
      level = wanted;
      color = style.color;
      const seen = seenTiles(view, stage);
      for (const tile of seen) refresh(tile, pixels);
      if (style.mode !== "contour") drawTint(context, view, seen, style.opacity);
      if (style.mode !== "fill") drawLines(context, view, seen, style.lineWidth);
      for (const [key, tile] of tiles) if (!seen.has(tile)) drop(key, tile);
    },
    free,
  };
}

/**
 * Bring `part` (and the frame around it) of a tile's mask up to date. A reduced pixel is set when any of its pixels is:
 * thin structures stay visible.
 */
export function copyMask(plane: Uint8Array, image: Size, level: number, tile: Rect, part: Rect, mask: Framed): void {
  if (level === 0) return copyRows(plane, image, tile, part, mask);
  const side = 2 ** level;
  const [first, end] = [part.x - 1, part.x + part.width + 1];
  const left = max((tile.x + first) * side, 0);
  const right = min((tile.x + end) * side, image.width);
  for (let row = part.y - 1; row <= part.y + part.height; row++) {
    const start = (row + 1) * (mask.width + 2) + 1;
    mask.pixels.fill(0, start + first, start + end);
    const top = max((tile.y + row) * side, 0);
    const bottom = min((tile.y + row + 1) * side, image.height);
    // Background, of which there is much, is found far faster by `indexOf` than a loop could.
    let [from, to] = [right, left];
    for (let y = top; y < bottom; y++) {
      const pixels = plane.subarray(y * image.width + left, y * image.width + right);
      const hit = pixels.indexOf(1);
      if (hit < 0) continue;
      from = min(from, left + hit);
      to = max(to, left + pixels.lastIndexOf(1) + 1);
    }
    for (let column = floor(from / side); column * side < to; column++) {
      const cell = { left: column * side, right: min((column + 1) * side, image.width), top, bottom };
      if (anySet(plane, image.width, cell)) mask.pixels[start + column - tile.x] = 1;
    }
  }
}

function anySet(plane: Uint8Array, stride: number, cell: Record<"left" | "right" | "top" | "bottom", number>): boolean {
  for (let y = cell.top; y < cell.bottom; y++) {
    for (let x = cell.left; x < cell.right; x++) if (plane[y * stride + x]) return true;
  }
  return false;
}

/** The same at level 0, where nothing is reduced. What lies outside the image is never set, and so needs no copy. */
function copyRows(plane: Uint8Array, image: Size, tile: Rect, part: Rect, mask: Framed): void {
  const left = max(part.x - 1, -tile.x);
  const right = min(part.x + part.width + 1, image.width - tile.x);
  const top = max(part.y - 1, -tile.y);
  const bottom = min(part.y + part.height + 1, image.height - tile.y);
  for (let row = top; row < bottom; row++) {
    const start = (tile.y + row) * image.width + tile.x;
    mask.pixels.set(plane.subarray(start + left, start + right), (row + 1) * (mask.width + 2) + left + 1);
  }
}

function tint(mask: Framed, area: Rect, color: number, out: Uint32Array): void {
  for (let row = 0; row < area.height; row++) {
    const start = (area.y + row + 1) * (mask.width + 2) + area.x + 1;
    for (let column = 0; column < area.width; column++) {
      out[row * area.width + column] = mask.pixels[start + column] ? color : 0;
    }
  }
}

/** #rrggbb as an opaque pixel, alpha in the highest byte. */
export function pixelOf(color: string): number {
  const rgb = parseInt(color.slice(1), 16) || 0;
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

function joined(a: Rect | null, b: Rect): Rect {
  if (!a) return b;
  const [x, y] = [min(a.x, b.x), min(a.y, b.y)];
  const width = max(a.x + a.width, b.x + b.width) - x;
  return { x, y, width, height: max(a.y + a.height, b.y + b.height) - y };
}
