/** What lies over the picture's corners: minimap, scale bar, and the legend of what is on. */
import { h, setAttribute, setText } from "./dom";
import { VIRIDIS, type HeatMode } from "./heatmap";
import { Minimap } from "./minimap";
import type { Point } from "./protocol";
import type { Picture } from "./raster";
import { ScaleBar } from "./scalebar";
import type { Settings } from "./settings";
import type { Size, View } from "./view";
import { windowText } from "./windowpanel";

export interface FurnitureState {
  picture: Picture | null;
  settings: Settings;
  spacing: readonly [number, number] | null;
  view: View;
  stage: Size;
  /** Drags set window and level. */
  windowing: boolean;
}

const ENDS: Record<Exclude<HeatMode, "off">, [string, string, string]> = {
  probability: ["0", "1", "probability"],
  uncertainty: ["sure", "unsure", ""],
};

export class Furniture {
  private minimap: Minimap;
  private scaleBar = new ScaleBar();
  private window = h("div", { class: "sp-tag" });
  private heat = h("div", { class: "sp-tag" });
  private ramp = h("span", { class: "sp-ramp", style: `background: linear-gradient(to right, ${VIRIDIS.join()})` });
  readonly nodes: HTMLElement[];
  private shown: HeatMode = "off";

  constructor(look: (at: Point) => void) {
    this.minimap = new Minimap(look);
    this.nodes = [h("div", { class: "sp-tags" }, this.window, this.heat), this.scaleBar.node, this.minimap.node];
  }

  update({ picture, settings, spacing, view, stage, windowing }: FurnitureState): void {
    const { shading, heat } = settings;
    this.minimap.update(picture, shading, view, stage);
    this.scaleBar.update(picture && spacing, view.scale, stage.width);
    this.window.hidden = !windowing;
    if (windowing) setText(this.window, `${windowText(shading, picture?.unit)} · drag ↔ ↕`);
    setAttribute(this.heat, "data-heat", heat);
    if (heat === this.shown) return;
    this.shown = heat;
    if (heat === "off") return this.heat.replaceChildren();
    const [low, high, name] = ENDS[heat];
    this.heat.replaceChildren(low, this.ramp, high, ...(name ? [` ${name}`] : []));
  }

  free(): void {
    this.minimap.free();
  }
}
