/** What is on the canvases: the picture, the masks and the prompts of one image. */
import { makeHeatMap } from "./heatmap";
import { makeImageTiles } from "./imagetiles";
import { makeOverlay, type Overlay, type OverlayStyle } from "./overlay";
import { LAYERS, slotOf, type Masks, type Rect } from "./planes";
import type { Probabilities } from "./probability";
import { drawHandles, drawPrompt, type PromptStyle } from "./promptart";
import type { LabelTrait, Point, Prompt } from "./protocol";
import type { Picture } from "./raster";
import type { Settings } from "./settings";
import type { Layer } from "./stage";
import type { View } from "./view";

/** In CSS pixels. */
const CONTOUR_WIDTH = 1.5;
const DONE_WIDTH = 1;
/** How strong the fill of an object is that was committed, compared with what is being drawn. */
const DONE_SHARE = 0.5;

export interface Shown extends Omit<PromptStyle, "ratio"> {
  prompt: Prompt;
}

export interface Scene {
  readonly picture: Picture | null;
  touch(slot: number, rect: Rect): void;
  /** Picture, `heat` and masks. False when a part of the picture has to wait for the next frame. */
  drawBase(layer: Layer, view: View, ratio: number, labels: LabelTrait[], settings: Settings, heat: Probabilities | null): boolean;
  /** `handles`: of what is selected, in CSS pixels. */
  drawPrompts(layer: Layer, view: View, ratio: number, shown: Shown[], handles: Point[]): void;
  free(): void;
}

export function makeScene(picture: Picture | null, masks: Masks): Scene {
  const tiles = picture && makeImageTiles(picture);
  const overlays: Overlay[] = [];
  const heatMap = makeHeatMap();

  const overlay = (label: number, layer: number): Overlay =>
    (overlays[slotOf(label, layer)] ??= makeOverlay(picture ?? masks, () => masks.plane(label, layer)));

  return {
    picture,
    touch: (slot, rect) => overlays[slot]?.touch(rect),
    drawBase({ canvas, context }, view, ratio, labels, settings, heat) {
      if (!context) return true;
      const seen = scaled(view, ratio);
      context.clearRect(0, 0, canvas.width, canvas.height);
      const complete = tiles?.draw(context, seen, canvas, settings.shading) ?? true;
      if (heat) heatMap.draw(context, seen, heat, settings.heat);
      if (!settings.maskShown) return complete;
      for (const label of bottomUp(labels)) {
        if (settings.hiddenLabels.includes(label)) continue;
        const { color } = labels[label]!;
        const { opacity } = settings;
        // A tint would mix with the colours of the heat map.
        const mode = heat ? "contour" : settings.mode;
        // Objects that are done: fainter, and each with its contour, however the mask is shown.
        const done: OverlayStyle = { color, opacity: opacity * DONE_SHARE, mode: mode === "fill" ? "both" : mode, lineWidth: DONE_WIDTH * ratio };
        for (let layer = 1; layer < LAYERS; layer++) overlay(label, layer).draw(context, seen, canvas, done);
        overlay(label, 0).draw(context, seen, canvas, { color, mode, opacity, lineWidth: CONTOUR_WIDTH * ratio });
      }
      return complete;
    },
    drawPrompts({ canvas, context }, view, ratio, shown, handles) {
      if (!context) return;
      const seen = scaled(view, ratio);
      context.clearRect(0, 0, canvas.width, canvas.height);
      for (const { prompt, ...style } of shown) drawPrompt(context, prompt, seen, { ratio, ...style });
      drawHandles(context, handles.map(([x, y]): Point => [x * ratio, y * ratio]), ratio);
    },
    free() {
      tiles?.free();
      heatMap.free();
      for (const drawn of overlays) drawn?.free();
    },
  };
}

/** Indices of the labels in the order of drawing. */
export function bottomUp(labels: LabelTrait[]): number[] {
  const rank = (index: number): number => labels[index]!.rank ?? index;
  return labels.map((_, index) => index).sort((a, b) => rank(a) - rank(b));
}

/** From CSS pixels to canvas pixels. */
function scaled(view: View, ratio: number): View {
  return { x: view.x * ratio, y: view.y * ratio, scale: view.scale * ratio };
}
