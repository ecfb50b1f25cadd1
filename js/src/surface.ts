/** A canvas that is never on the page: where a tile's pixels wait to be drawn. */
import type { Rect } from "./planes";

export interface Surface {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
}

/** Null where there is no canvas to draw on: tests without a browser, or a browser that is out of memory. */
export function makeSurface(width: number, height: number): Surface | null {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  return context && { canvas, context };
}

/** Write RGBA pixels; `fill` is given room for rect.width x rect.height of them, in the order A, B, G, R from the top bit. */
export function writePixels({ context }: Surface, rect: Rect, fill: (out: Uint32Array) => void): void {
  const image = context.createImageData(rect.width, rect.height);
  fill(new Uint32Array(image.data.buffer));
  context.putImageData(image, rect.x, rect.y);
}

/** Give the memory back now and not when the collector comes by. */
export function freeSurface(surface: Surface | null): void {
  if (surface) surface.canvas.width = surface.canvas.height = 0;
}
