/** The part of the `view` popover that is about grey levels: window and level, gamma, inverted or not. */
import { h, setAttribute } from "./dom";
import { checkbox, field, quietButton, Slider } from "./fields";
import { titleOf } from "./keys";
import type { Picture } from "./raster";
import type { Settings } from "./settings";
import { levelOf, presetIndex, presetsOf, rangeOf, windowOf, type Preset, type Range, type Shading } from "./windowlevel";

/** Gamma goes from a quarter to four, in steps of a power of two. */
const GAMMA_POWER = 2;
const GAMMA_STEP = 0.1;
const GREY_STEPS = 500;

/** "window 400, level 40 HU" */
export function windowText(range: Range, unit: string | null | undefined): string {
  const narrow = Math.abs(windowOf(range)) / GREY_STEPS;
  return `window ${valueText(windowOf(range), narrow)}, level ${valueText(levelOf(range), narrow)}${unit ? ` ${unit}` : ""}`;
}

/** No more digits than tell a grey from the next. */
function valueText(value: number, step: number): string {
  const digits = step > 0 ? Math.ceil(-Math.log10(step)) : 0;
  if (digits > 5 || value >= 1e6) return value.toExponential(1);
  return value.toFixed(Math.max(digits, 0)).replace("-", "−");
}

export class WindowFields {
  readonly nodes: HTMLElement[];
  private presets = h("div", { class: "sp-presets", role: "group", "aria-label": titleOf("preset") });
  private window: Slider;
  private level: Slider;
  private gamma: Slider;
  private inverted: HTMLInputElement;
  private drag: HTMLButtonElement;
  private shading!: Shading;
  private picture: Picture | null = null;
  private offered: Preset[] = [];

  constructor(set: (change: Partial<Settings>) => void, drag: () => void) {
    const change = (part: Partial<Shading>): void => set({ shading: { ...this.shading, ...part } });
    this.window = new Slider("Window", "Window: the range of values from black to white", 0, (window) =>
      change(rangeOf(window, levelOf(this.shading))),
    );
    this.level = new Slider("Level", "Level: the value in the middle of the window", 0, (level) =>
      change(rangeOf(windowOf(this.shading), level)),
    );
    this.gamma = new Slider("Gamma", "Gamma: below 1 brightens", -GAMMA_POWER, (power) => change({ gamma: 2 ** power }));
    this.inverted = checkbox((inverted) => change({ inverted }));
    this.drag = quietButton(titleOf("window"), drag, "Drag");
    const reset = (): void => change({ ...this.picture!.usual, gamma: 1, inverted: false });
    this.presets.addEventListener("click", (event) => {
      const index = [...this.presets.children].indexOf((event.target as Element).closest("button")!);
      const preset = this.offered[index];
      if (preset) change({ low: preset.low, high: preset.high });
    });
    this.nodes = [
      field("Preset", this.presets),
      this.window.node,
      this.level.node,
      this.gamma.node,
      field(
        "Greys",
        h("div", { class: "sp-checks" }, h("label", { title: titleOf("invert") }, this.inverted, "inverted")),
        h("span", { class: "sp-gap" }),
        this.drag,
        quietButton("Window, level, gamma as they were", reset, "Reset"),
      ),
    ];
  }

  update(shading: Shading, picture: Picture | null, dragging: boolean): void {
    this.shading = shading;
    for (const node of this.nodes) node.hidden = !picture;
    setAttribute(this.drag, "aria-pressed", dragging);
    if (!picture) return;
    if (picture !== this.picture) this.offer(picture);
    const chosen = presetIndex(this.offered, shading);
    [...this.presets.children].forEach((button, i) => setAttribute(button, "aria-pressed", i === chosen));
    const { full } = picture;
    const [window, level] = [windowOf(shading), levelOf(shading)];
    const narrow = window / GREY_STEPS;
    this.window.update(window, Math.max(windowOf(full), window), valueText(window, narrow), 0, null);
    this.level.update(level, Math.max(full.high, level), valueText(level, narrow), Math.min(full.low, level), null);
    const power = Math.log2(shading.gamma);
    this.gamma.update(power, GAMMA_POWER, shading.gamma.toFixed(2), -GAMMA_POWER, GAMMA_STEP);
    this.inverted.checked = shading.inverted;
  }

  private offer(picture: Picture): void {
    this.picture = picture;
    this.offered = presetsOf(picture);
    this.presets.replaceChildren(
      ...this.offered.map(({ name, title }) => h("button", { type: "button", class: "sp-button", title }, name)),
    );
  }
}
