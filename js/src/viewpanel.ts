/** The `view` popover: brush, mask, zoom and grey levels. */
import { h, makeButton, makePopover, setText } from "./dom";
import { Choice, checkbox, field, Slider } from "./fields";
import type { HeatMode } from "./heatmap";
import { titleOf } from "./keys";
import { round } from "./math";
import type { MaskMode } from "./overlay";
import type { Picture } from "./raster";
import type { Settings } from "./settings";
import { WindowFields } from "./windowpanel";

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

export class ViewPanel {
  readonly node: HTMLElement;
  private brush: Slider;
  private opacity: Slider;
  private modes: Choice<MaskMode>;
  private heat: Choice<HeatMode>;
  private greys: WindowFields;
  private mask: HTMLInputElement;
  private prompts: HTMLInputElement;
  private zoom = h("span.sp-value");

  constructor(events: ViewEvents) {
    this.brush = new Slider("Brush", "Brush width in image pixels ([ and ])", 1, (brush) => events.set({ brush }));
    this.opacity = new Slider("Opacity", "Opacity of the mask's fill", 0, (percent) =>
      events.set({ opacity: percent / 100 }),
    );
    this.modes = new Choice("Mask", titleOf("mode"), MODES, (mode) => events.set({ mode }));
    this.heat = new Choice("Map", titleOf("heat"), HEATS, (heat) => events.set({ heat }));
    this.greys = new WindowFields(events.set, events.window);
    this.mask = checkbox((maskShown) => events.set({ maskShown }));
    this.prompts = checkbox((promptsShown) => events.set({ promptsShown }));
    this.node = makePopover(
      "View",
      "",
      this.brush.node,
      this.opacity.node,
      this.modes.node,
      field(
        "Show",
        h(
          ".sp-checks",
          h("label", { title: titleOf("hide") }, this.mask, "mask"),
          h("label", { title: "Show what was drawn" }, this.prompts, "prompts"),
        ),
      ),
      this.heat.node,
      field(
        "Zoom",
        this.zoom,
        makeButton("", titleOf("fit"), () => events.run("fit"), "Fit"),
        makeButton("", titleOf("actual"), () => events.run("actual"), "1:1"),
      ),
      ...this.greys.nodes,
    );
  }

  update(settings: Settings, widest: number, zoom: number, picture: Picture | null, windowing: boolean): void {
    this.brush.update(settings.brush, widest, `${settings.brush} px`);
    const percent = round(settings.opacity * 100);
    this.opacity.update(percent, 100, `${percent}%`);
    this.modes.update(settings.mode);
    this.heat.update(settings.heat);
    this.greys.update(settings.shading, picture, windowing);
    this.mask.checked = settings.maskShown;
    this.prompts.checked = settings.promptsShown;
    setText(this.zoom, `${zoom < 0.1 ? (zoom * 100).toPrecision(2) : round(zoom * 100)}%`);
  }
}
