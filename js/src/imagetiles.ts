/** The image on the screen: tiles painted when they are first seen, and kept while there is room. */
import type { Pixels } from "./codec";
import type { Rect } from "./planes";
import { greyOf, paintPixels, reduced, type Picture } from "./raster";
import { freeSurface, makeSurface, writePixels, type Surface } from "./surface";
import { levelFor, placeTile, tileRect, visibleTiles } from "./tiles";
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

export class ImageTiles {
  /** In the order of their last use. */
  private tiles = new Map<string, Tile>();
  /** The level first shown: its tiles stand in while finer ones are painted. */
  private coarse: number | null = null;

  private shading: Shading | null = null;
  private grey: (pixel: number) => number = () => 0;
  private complete = true;

  constructor(private picture: Picture) {}

  /** Draw what is seen (`view` in canvas pixels). False when some tiles have to wait for the next frame. */
  draw(context: CanvasRenderingContext2D, view: View, stage: Size, shading: Shading): boolean {
    // One window after the other: while it is dragged, the last tiles would else never have their turn.
    if (this.complete && shading !== this.shading) {
      this.shading = shading;
      this.grey = greyOf(this.picture, shading);
    }
    this.complete = this.drawAll(context, view, stage);
    return this.complete && shading === this.shading;
  }

  private drawAll(context: CanvasRenderingContext2D, view: View, stage: Size): boolean {
    const level = levelFor(view.scale);
    this.coarse ??= level;
    const until = performance.now() + FRAME_BUDGET;
    if (this.drawLevel(context, view, stage, level, until, false) === 0) return true;
    if (this.coarse > level) this.drawLevel(context, view, stage, this.coarse, until, true);
    return this.drawLevel(context, view, stage, level, until, true) === 0;
  }

  free(): void {
    for (const { surface } of this.tiles.values()) freeSurface(surface);
    this.tiles.clear();
  }

  /** How many tiles were missing, or still show another window. */
  private drawLevel(
    context: CanvasRenderingContext2D,
    view: View,
    stage: Size,
    level: number,
    until: number,
    keptOnly: boolean,
  ): number {
    const span = visibleTiles(view, stage, this.picture, level);
    let missing = 0;
    context.imageSmoothingEnabled = view.scale * 2 ** level < 1;
    for (let row = span.top; row < span.bottom; row++) {
      for (let column = span.left; column < span.right; column++) {
        const tile = this.tile(column, row, level, keptOnly || performance.now() > until);
        if (!tile) {
          missing++;
          continue;
        }
        if (tile.shading !== this.shading) missing++;
        const rect = tileRect(column, row, level, this.picture);
        const { sourceWidth, sourceHeight, target } = placeTile(rect, level, view, this.picture);
        context.drawImage(
          tile.surface.canvas,
          ...[0, 0, sourceWidth, sourceHeight, target.x, target.y, target.width, target.height] as const,
        );
      }
    }
    return missing;
  }

  private tile(column: number, row: number, level: number, keptOnly: boolean): Tile | null {
    const key = `${level}/${row}/${column}`;
    let tile = this.tiles.get(key) ?? null;
    if (!keptOnly && tile?.shading !== this.shading) tile = this.paint(tile, tileRect(column, row, level, this.picture), level);
    if (!tile) return null;
    this.tiles.delete(key);
    this.tiles.set(key, tile);
    return tile;
  }

  /** Make a tile, or paint one anew. */
  private paint(old: Tile | null, rect: Rect, level: number): Tile | null {
    if (!old) this.makeRoom();
    const surface = old?.surface ?? makeSurface(rect.width, rect.height);
    if (!surface) return null;
    const means = old?.means ?? (level ? reduced(this.picture, rect, level) : null);
    writePixels(surface, { ...rect, x: 0, y: 0 }, (out) => paintPixels(this.picture, rect, this.grey, out, means));
    return { surface, means, shading: this.shading! };
  }

  private makeRoom(): void {
    for (const [key, tile] of this.tiles) {
      if (this.tiles.size < KEPT_TILES) return;
      freeSurface(tile.surface);
      this.tiles.delete(key);
    }
  }
}
