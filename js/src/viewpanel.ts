/** The `view` popover: brush, mask and zoom. */
import { h, setAttribute, setText } from "./dom";
import { icon } from "./icons";
import { titleOf } from "./keys";
import type { MaskMode } from "./overlay";
import type { Settings } from "./settings";

export interface ViewEvents {
  set(change: Partial<Settings>): void;
  fit(): void;
}

const MODES: [MaskMode, string][] = [
  ["fill", "Fill"],
  ["contour", "Contour"],
  ["both", "Both"],
];

export class ViewPanel {
  readonly node: HTMLElement;
  private brush: Slider;
  private opacity: Slider;
  private modes: HTMLButtonElement[];
  private mask: HTMLInputElement;
  private prompts: HTMLInputElement;
  private zoom = h("span", { class: "sp-value" });

  constructor(events: ViewEvents) {
    this.brush = new Slider("Brush", "Brush width in image pixels ([ and ])", 1, (brush) => events.set({ brush }));
    this.opacity = new Slider("Opacity", "Opacity of the mask's fill", 0, (percent) =>
      events.set({ opacity: percent / 100 }),
    );
    this.modes = MODES.map(([mode, text]) =>
      h("button", { type: "button", class: "sp-button", onclick: () => events.set({ mode }) }, text),
    );
    this.mask = checkbox((maskShown) => events.set({ maskShown }));
    this.prompts = checkbox((promptsShown) => events.set({ promptsShown }));
    this.node = h(
      "div",
      { class: "sp-popover", role: "dialog", "aria-label": "View", hidden: true },
      this.brush.node,
      this.opacity.node,
      h(
        "div",
        { class: "sp-field" },
        h("span", { class: "sp-caption" }, "Mask"),
        h("div", { class: "sp-segments", role: "group", "aria-label": "Mask (M)", title: titleOf("mode") }, ...this.modes),
      ),
      h(
        "div",
        { class: "sp-field" },
        h("span", { class: "sp-caption" }, "Show"),
        h(
          "div",
          { class: "sp-checks" },
          h("label", { title: titleOf("hide") }, this.mask, "mask"),
          h("label", { title: "Show what was drawn" }, this.prompts, "prompts"),
        ),
      ),
      h(
        "div",
        { class: "sp-field" },
        h("span", { class: "sp-caption" }, "Zoom"),
        this.zoom,
        h(
          "button",
          { type: "button", class: "sp-button sp-quiet", title: titleOf("fit"), onclick: () => events.fit() },
          icon("fit"),
          "Fit",
        ),
      ),
    );
  }

  update(settings: Settings, widest: number, zoom: number): void {
    this.brush.update(settings.brush, widest, `${settings.brush} px`);
    const percent = Math.round(settings.opacity * 100);
    this.opacity.update(percent, 100, `${percent}%`);
    this.modes.forEach((button, i) => setAttribute(button, "aria-pressed", MODES[i]![0] === settings.mode));
    this.mask.checked = settings.maskShown;
    this.prompts.checked = settings.promptsShown;
    setText(this.zoom, `${zoom < 0.1 ? (zoom * 100).toPrecision(2) : Math.round(zoom * 100)}%`);
  }
}

export class Slider {
  readonly node: HTMLElement;
  private input: HTMLInputElement;
  private value = h("output", { class: "sp-value" });

  constructor(caption: string, title: string, least: number, change: (value: number) => void) {
    this.input = h("input", {
      type: "range",
      min: least,
      "aria-label": title,
      oninput: () => change(Number(this.input.value)),
    });
    this.node = h("label", { class: "sp-field", title }, h("span", { class: "sp-caption" }, caption), this.input, this.value);
  }

  update(value: number, most: number, text: string): void {
    this.input.max = String(most);
    this.input.value = String(value);
    const least = Number(this.input.min);
    this.input.style.setProperty("--sp-part", `${(100 * (value - least)) / Math.max(most - least, 1)}%`);
    setText(this.value, text);
  }
}

export function checkbox(change: (checked: boolean) => void): HTMLInputElement {
  const input = h("input", { type: "checkbox", onchange: () => change(input.checked) });
  return input;
}
