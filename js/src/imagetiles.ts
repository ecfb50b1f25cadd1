/** The image on the screen: tiles painted when they are first seen, and kept while there is room. */
import type { Pixels } from "./codec";
import type { Rect } from "./planes";
import { greyOf, paintPixels, reduced, type Picture } from "./raster";
import { freeSurface, makeSurface, writePixels, type Surface } from "./surface";
import { drawTile, levelFor, tileRect, visibleTiles } from "./tiles";
import type { Size, View } from "./view";
import type { Shading } from "./windowlevel";

/** About 1 MiB each. */
const KEPT_TILES = 96;
/** Milliseconds of painting after which the rest waits for the next frame, so that zooming stays fluid. */
const FRAME_BUDGET = 12;

interface Tile {
  surface: Surface;
  /** What it shows before windowing; null: the picture's own pixels. */
  means: Pixels | null;
  /** What it was painted with. */
  shading: Shading;
}

export interface ImageTiles {
  /** Draw what is seen (`view` in canvas pixels). False when some tiles have to wait for the next frame. */
  draw(context: CanvasRenderingContext2D, view: View, stage: Size, shading: Shading): boolean;
  free(): void;
}

export function makeImageTiles(picture: Picture): ImageTiles {
  /** In the order of their last use. */
  const tiles = new Map<string, Tile>();
  /** The level first shown: its tiles stand in while finer ones are painted. */
  let coarse: number | null = null;
  /** What tiles are painted with, and what that makes of a pixel. */
  let current: Shading;
  let grey: (pixel: number) => number;
  let complete = true;

  function drawAll(context: CanvasRenderingContext2D, view: View, stage: Size): boolean {
    const finest = levelFor(view.scale);
    coarse ??= finest;
    const until = performance.now() + FRAME_BUDGET;

    /** How many tiles were missing, or still show another window. */
    const drawLevel = (level: number, keptOnly: boolean): number => {
      const span = visibleTiles(view, stage, picture, level);
      let missing = 0;
      for (let row = span.top; row < span.bottom; row++) {
        for (let column = span.left; column < span.right; column++) {
          const rect = tileRect(column, row, level, picture);
          const tile = tileOf(`${level}/${row}/${column}`, rect, level, keptOnly || performance.now() > until);
          if (tile?.shading !== current) missing++;
          if (tile) drawTile(context, tile.surface.canvas, rect, level, view, picture);
        }
      }
      return missing;
    };
    if (drawLevel(finest, false) === 0) return true;
    if (coarse > finest) drawLevel(coarse, true);
    return drawLevel(finest, true) === 0;
  }

  function tileOf(key: string, rect: Rect, level: number, keptOnly: boolean): Tile | null {
    let tile = tiles.get(key) ?? null;
    if (!keptOnly && tile?.shading !== current) tile = paint(tile, rect, level);
    if (!tile) return null;
    tiles.delete(key);
    tiles.set(key, tile);
    return tile;
  }

  /** Make a tile, or paint one anew. */
  function paint(old: Tile | null, rect: Rect, level: number): Tile | null {
    if (!old) makeRoom();
    const surface = old?.surface ?? makeSurface(rect.width, rect.height);
    if (!surface) return null;
    const means = old?.means ?? (level ? reduced(picture, rect, level) : null);
    writePixels(surface, { ...rect, x: 0, y: 0 }, (out) => paintPixels(picture, rect, grey, out, means));
    return { surface, means, shading: current };
  }

  function makeRoom(): void {
    for (const [key, tile] of tiles) {
      if (tiles.size < KEPT_TILES) return;
      freeSurface(tile.surface);
      tiles.delete(key);
    }
  }

  return {
    draw(context, view, stage, shading) {
      // One window after the other: while it is dragged, the last tiles would else never have their turn.
      if (complete && shading !== current) {
        current = shading;
        grey = greyOf(picture, shading);
      }
      complete = drawAll(context, view, stage);
      return complete && shading === current;
    },
    free() {
      for (const { surface } of tiles.values()) freeSurface(surface);
      tiles.clear();
    },
  };
}
