/** Probability, or how unsure it is, as colours over the picture. */
import { floor, min, round } from "./math";
import type { Probabilities } from "./probability";
import { freeSurface, makeSurface, writePixels, type Surface } from "./surface";
import type { View } from "./view";

/** uncertainty: where one more stroke would help most. */
export type HeatMode = "off" | "probability" | "uncertainty";
export const HEAT_MODES: readonly HeatMode[] = ["off", "probability", "uncertainty"];

/** Viridis (van der Walt and Smith), whose brightness tells as much as its colour: colour-blind people read it too. */
export const VIRIDIS = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"];
/** Alpha of the lowest and highest value: where there is nothing to see, the picture is. */
const ALPHA: readonly [number, number] = [40, 190];

/** 0 where the model is sure, 1 where it cannot tell. `probability` from 0 to 1. */
export function uncertainty(probability: number): number {
  return 1 - Math.abs(2 * probability - 1);
}

/** RGBA pixels, alpha in the highest byte, for the 256 probabilities. */
export function heatColors(mode: HeatMode): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const value = mode === "uncertainty" ? uncertainty(i / 255) : i / 255;
    const at = value * (VIRIDIS.length - 1);
    const below = min(floor(at), VIRIDIS.length - 2);
    const mixed = (low: number, high: number): number => round(low + (at - below) * (high - low));
    const channel = (stop: number, from: number): number => parseInt(VIRIDIS[stop]!.slice(from, from + 2), 16);
    const [red, green, blue] = [1, 3, 5].map((from) => mixed(channel(below, from), channel(below + 1, from)));
    const alpha = round(ALPHA[0] + value * (ALPHA[1] - ALPHA[0]));
    return ((alpha << 24) | (blue! << 16) | (green! << 8) | red!) >>> 0;
  });
}

export interface HeatMap {
  /** `view` in canvas pixels. */
  draw(context: CanvasRenderingContext2D, view: View, map: Probabilities, mode: HeatMode): void;
  free(): void;
}

export function makeHeatMap(): HeatMap {
  let surface: Surface | null = null;
  let drawn: Probabilities | null = null;
  let drawnMode: HeatMode = "off";

  function free(): void {
    freeSurface(surface);
    surface = drawn = null;
  }

  function paint(map: Probabilities, mode: HeatMode): void {
    free();
    const [height, width] = map.shape;
    drawn = map;
    drawnMode = mode;
    surface = makeSurface(width, height);
    const colors = heatColors(mode);
    if (!surface) return;
    writePixels(surface, { x: 0, y: 0, width, height }, (out) => map.values.forEach((value, i) => (out[i] = colors[value]!)));
  }

  return {
    draw(context, view, map, mode) {
      if (map !== drawn || mode !== drawnMode) paint(map, mode);
      if (!surface) return;
      const { x, y, width, height } = map;
      const { scale } = view;
      context.imageSmoothingEnabled = true;
      context.drawImage(surface.canvas, view.x + x * scale, view.y + y * scale, width * scale, height * scale);
    },
    free,
  };
}
