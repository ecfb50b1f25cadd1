/** What lies over the picture's corners: minimap, scale bar, and the legend of what is on. */
import { h, setText } from "./dom";
import { VIRIDIS } from "./heatmap";
import { makeMinimap } from "./minimap";
import type { Point } from "./protocol";
import type { Picture } from "./raster";
import { makeScaleBar } from "./scalebar";
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

export interface Furniture {
  readonly nodes: HTMLElement[];
  update(state: FurnitureState): void;
  free(): void;
}

/** `look` is given a place in shares of the image's width and height. */
export function makeFurniture(look: (at: Point) => void): Furniture {
  const minimap = makeMinimap(look);
  const scaleBar = makeScaleBar();
  const greys = h(".sp-tag");
  const name = h("span");
  const ramp = h("span.sp-ramp", { style: `background: linear-gradient(to right, ${VIRIDIS.join()})` });
  const legend = h(".sp-tag", "0", ramp, "1 ", name);
  return {
    nodes: [h(".sp-tags", greys, legend), scaleBar.node, minimap.node],
    update({ picture, settings, spacing, view, stage, windowing }) {
      const { shading, heat } = settings;
      minimap.update(picture, shading, view, stage);
      scaleBar.update(picture && spacing, view.scale, stage.width);
      greys.hidden = !windowing;
      if (windowing) setText(greys, `${windowText(shading, picture?.unit)} · drag ↔ ↕`);
      legend.hidden = heat === "off";
      setText(name, heat);
    },
    free: minimap.free,
  };
}
