/** The `view` popover: brush, mask, zoom and grey levels. */
import { h, makeButton, makePopover, setText } from "./dom";
import { checkbox, field, makeChoice, makeSlider } from "./fields";
import type { HeatMode } from "./heatmap";
import { titleOf } from "./keys";
import { round } from "./math";
import type { MaskMode } from "./overlay";
import type { Picture } from "./raster";
import type { Settings } from "./settings";
import { makeWindowFields } from "./windowpanel";

export interface ViewEvents {
  set(change: Partial<Settings>): void;
  run(command: "fit" | "actual"): void;
  /** Drags set window and level, or draw again. */
  window(): void;
}

const MODES: [MaskMode, string][] = [
  ["fill", "Fill"],
  ["contour", "Contour"],
  ["both", "Both"],
];
const HEATS: [HeatMode, string][] = [
  ["off", "Off"],
  ["probability", "Probability"],
  ["uncertainty", "Uncertainty"],
];

export interface ViewPanel {
  readonly node: HTMLElement;
  update(settings: Settings, widest: number, zoom: number, picture: Picture | null, windowing: boolean): void;
}

export function makeViewPanel({ set, run, window }: ViewEvents): ViewPanel {
  const brush = makeSlider("Brush", "Brush width in pixels ([ and ])", 1, (brush) => set({ brush }));
  const opacity = makeSlider("Opacity", "Opacity of the fill", 0, (percent) => set({ opacity: percent / 100 }));
  const modes = makeChoice("Mask", titleOf("mode"), MODES, (mode) => set({ mode }));
  const heat = makeChoice("Map", titleOf("heat"), HEATS, (heat) => set({ heat }));
  const greys = makeWindowFields(set, window);
  const mask = checkbox((maskShown) => set({ maskShown }));
  const prompts = checkbox((promptsShown) => set({ promptsShown }));
  const zoomed = h("span.sp-value");
  return {
    node: makePopover(
      "View",
      "",
      brush.node,
      opacity.node,
      modes.node,
      field(
        "Show",
        h(
          ".sp-checks",
          h("label", { title: titleOf("hide") }, mask, "mask"),
          h("label", { title: "Show what was drawn" }, prompts, "prompts"),
        ),
      ),
      heat.node,
      field(
        "Zoom",
        zoomed,
        makeButton("", titleOf("fit"), () => run("fit"), "Fit"),
        makeButton("", titleOf("actual"), () => run("actual"), "1:1"),
      ),
      ...greys.nodes,
    ),
    update(settings, widest, zoom, picture, windowing) {
      brush.update(settings.brush, widest, `${settings.brush} px`);
      const percent = round(settings.opacity * 100);
      opacity.update(percent, 100, `${percent}%`);
      modes.update(settings.mode);
      heat.update(settings.heat);
      greys.update(settings.shading, picture, windowing);
      mask.checked = settings.maskShown;
      prompts.checked = settings.promptsShown;
      setText(zoomed, `${zoom < 0.1 ? (zoom * 100).toPrecision(2) : round(zoom * 100)}%`);
    },
  };
}
