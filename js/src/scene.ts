/** What is on the canvases: the picture, the masks and the prompts of one image. */
import { HeatMap } from "./heatmap";
import { ImageTiles } from "./imagetiles";
import { Overlay } from "./overlay";
import type { Masks, Rect } from "./planes";
import { PromptArt, type PromptStyle } from "./promptart";
import type { Probabilities } from "./probability";
import type { LabelTrait, Prompt } from "./protocol";
import type { Picture } from "./raster";
import type { Settings } from "./settings";
import type { Layer } from "./stage";
import type { Size, View } from "./view";

/** In CSS pixels. */
const CONTOUR_WIDTH = 1.5;

export interface Shown {
  prompt: Prompt;
  state: PromptStyle["state"];
}

export class Scene {
  private tiles: ImageTiles | null = null;
  private overlays: Overlay[] = [];
  private art = new PromptArt();
  private heat = new HeatMap();

  constructor(
    readonly picture: Picture | null,
    private masks: Masks,
  ) {
    if (picture) this.tiles = new ImageTiles(picture);
  }

  touch(label: number, rect: Rect): void {
    this.overlays[label]?.touch(rect);
  }

  /** Picture, `heat` and masks. False when a part of the picture has to wait for the next frame. */
  drawBase(layer: Layer, view: View, ratio: number, labels: LabelTrait[], settings: Settings, heat: Probabilities | null): boolean {
    const { canvas, context } = layer;
    if (!context) return true;
    const seen = scaled(view, ratio);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const complete = this.tiles?.draw(context, seen, canvas, settings.shading) ?? true;
    if (heat) this.heat.draw(context, seen, heat, settings.heat);
    if (!settings.maskShown) return complete;
    labels.forEach(({ color }, label) => {
      const overlay = (this.overlays[label] ??= new Overlay(this.size, () => this.masks.plane(label)));
      const { opacity } = settings;
      // A tint would mix with the colours of the heat map.
      const mode = heat ? "contour" : settings.mode;
      overlay.draw(context, seen, canvas, { color, mode, opacity, lineWidth: CONTOUR_WIDTH * ratio });
    });
    return complete;
  }

  drawPrompts(layer: Layer, view: View, ratio: number, shown: Shown[]): void {
    const { canvas, context } = layer;
    if (!context) return;
    const seen = scaled(view, ratio);
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (const { prompt, state } of shown) this.art.draw(context, prompt, seen, { ratio, state });
  }

  free(): void {
    this.tiles?.free();
    this.heat.free();
    for (const overlay of this.overlays) overlay?.free();
  }

  private get size(): Size {
    return this.picture ?? this.masks;
  }
}

/** From CSS pixels to canvas pixels. */
function scaled(view: View, ratio: number): View {
  return { x: view.x * ratio, y: view.y * ratio, scale: view.scale * ratio };
}
