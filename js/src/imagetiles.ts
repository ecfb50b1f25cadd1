/** The image on the screen: tiles painted when they are first seen, and kept while there is room. */
import { paintPixels, type Picture } from "./raster";
import { freeSurface, makeSurface, writePixels, type Surface } from "./surface";
import { levelFor, placeTile, tileRect, visibleTiles } from "./tiles";
import type { Size, View } from "./view";

/** About 1 MiB each. */
const KEPT_TILES = 96;
/** Milliseconds of painting after which the rest waits for the next frame, so that zooming stays fluid. */
const FRAME_BUDGET = 12;

export class ImageTiles {
  /** In the order of their last use. */
  private tiles = new Map<string, Surface>();
  /** The level first shown: its tiles stand in while finer ones are painted. */
  private coarse: number | null = null;

  constructor(private picture: Picture) {}

  /** Draw what is seen (`view` in canvas pixels). False when some tiles have to wait for the next frame. */
  draw(context: CanvasRenderingContext2D, view: View, stage: Size): boolean {
    const level = levelFor(view.scale);
    this.coarse ??= level;
    const until = performance.now() + FRAME_BUDGET;
    if (this.drawLevel(context, view, stage, level, until, false) === 0) return true;
    if (this.coarse > level) this.drawLevel(context, view, stage, this.coarse, until, true);
    return this.drawLevel(context, view, stage, level, until, true) === 0;
  }

  free(): void {
    for (const tile of this.tiles.values()) freeSurface(tile);
    this.tiles.clear();
  }

  /** How many tiles were missing. */
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
        const rect = tileRect(column, row, level, this.picture);
        const { sourceWidth, sourceHeight, target } = placeTile(rect, level, view, this.picture);
        context.drawImage(
          tile.canvas,
          ...[0, 0, sourceWidth, sourceHeight, target.x, target.y, target.width, target.height] as const,
        );
      }
    }
    return missing;
  }

  private tile(column: number, row: number, level: number, keptOnly: boolean): Surface | null {
    const key = `${level}/${row}/${column}`;
    let tile = this.tiles.get(key) ?? null;
    if (!tile) {
      if (keptOnly) return null;
      const rect = tileRect(column, row, level, this.picture);
      tile = makeSurface(rect.width, rect.height);
      if (!tile) return null;
      writePixels(tile, { ...rect, x: 0, y: 0 }, (out) => paintPixels(this.picture, rect, level, out));
      this.makeRoom();
    }
    this.tiles.delete(key);
    this.tiles.set(key, tile);
    return tile;
  }

  private makeRoom(): void {
    for (const [key, tile] of this.tiles) {
      if (this.tiles.size < KEPT_TILES) return;
      freeSurface(tile);
      this.tiles.delete(key);
    }
  }
}
