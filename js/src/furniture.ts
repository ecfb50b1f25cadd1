/** What lies over the picture's corners: minimap, scale bar, and the legend of what is on. */
import { h, setText } from "./dom";
import { VIRIDIS } from "./heatmap";
import { Minimap } from "./minimap";
import type { Point } from "./protocol";
import type { Picture } from "./raster";
import { ScaleBar } from "./scalebar";
import type { Settings } from "./settings";
import type { Size, View } from "./view";
import { windowText } from "./windowlevel";

export interface FurnitureState {
  picture: Picture | null;
  settings: Settings;
  spacing: readonly [number, number] | null;
  view: View;
  stage: Size;
  /** Drags set window and level. */
  windowing: boolean;
}

export class Furniture {
  private minimap: Minimap;
  private scaleBar = new ScaleBar();
  private window = h(".sp-tag");
  private name = h("span");
  private heat = h(
    ".sp-tag",
    "0",
    h("span.sp-ramp", { style: `background: linear-gradient(to right, ${VIRIDIS.join()})` }),
    "1 ",
    this.name,
  );
  readonly nodes: HTMLElement[];

  constructor(look: (at: Point) => void) {
    this.minimap = new Minimap(look);
    this.nodes = [h(".sp-tags", this.window, this.heat), this.scaleBar.node, this.minimap.node];
  }

  update({ picture, settings, spacing, view, stage, windowing }: FurnitureState): void {
    const { shading, heat } = settings;
    this.minimap.update(picture, shading, view, stage);
    this.scaleBar.update(picture && spacing, view.scale, stage.width);
    this.window.hidden = !windowing;
    if (windowing) setText(this.window, `${windowText(shading, picture?.unit)} · drag ↔ ↕`);
    this.heat.hidden = heat === "off";
    setText(this.name, heat);
  }

  free(): void {
    this.minimap.free();
  }
}
