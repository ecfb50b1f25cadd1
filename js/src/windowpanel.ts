/** The part of the `view` popover that is about grey levels: window and level, gamma, inverted or not. */
import { h, makeButton, setPressed, setText } from "./dom";
import { checkbox, field, Slider } from "./fields";
import { titleOf } from "./keys";
import { round } from "./math";
import type { Picture } from "./raster";
import type { Settings } from "./settings";
import { presetIndex, presetsOf, windowText, type Shading } from "./windowlevel";

/** Gamma goes from a quarter to four; the slider's steps to a factor of two. */
const GAMMA_STEPS = 10;

export class WindowFields {
  readonly nodes: HTMLElement[];
  private presets = h(".sp-presets", { role: "group", label: titleOf("preset") });
  private text = h("span.sp-value");
  private gamma: Slider;
  private inverted: HTMLInputElement;
  private drag: HTMLButtonElement;
  private shading!: Shading;
  private picture: Picture | null = null;

  constructor(
    private set: (change: Partial<Settings>) => void,
    drag: () => void,
  ) {
    this.gamma = new Slider("Gamma", "Gamma: below 1 brightens", -2 * GAMMA_STEPS, (step) => this.change({ gamma: 2 ** (step / GAMMA_STEPS) }));
    this.inverted = checkbox((inverted) => this.change({ inverted }));
    this.drag = makeButton("", titleOf("window"), drag, "Drag");
    const reset = (): void => this.change({ ...this.picture!.usual, gamma: 1, inverted: false });
    this.nodes = [
      field("Greys", this.presets),
      field("", this.text, this.drag),
      this.gamma.node,
      field(
        "",
        h("label.sp-checks", { title: titleOf("invert") }, this.inverted, "inverted"),
        h("span.sp-gap"),
        makeButton("", "Window, level and gamma as they were", reset, "Reset"),
      ),
    ];
  }

  update(shading: Shading, picture: Picture | null, dragging: boolean): void {
    this.shading = shading;
    for (const node of this.nodes) node.hidden = !picture;
    if (!picture) return;
    const presets = presetsOf(picture);
    if (picture !== this.picture) {
      this.presets.replaceChildren(
        ...presets.map(({ name, window, level }) =>
          makeButton("", windowText({ window, level }, picture.unit), () => this.change({ window, level }), name),
        ),
      );
    }
    this.picture = picture;
    const chosen = presetIndex(presets, shading);
    [...this.presets.children].forEach((preset, i) => setPressed(preset, i === chosen));
    setPressed(this.drag, dragging);
    setText(this.text, windowText(shading, picture.unit));
    this.gamma.update(round(Math.log2(shading.gamma) * GAMMA_STEPS), 2 * GAMMA_STEPS, shading.gamma.toFixed(2));
    this.inverted.checked = shading.inverted;
  }

  private change(part: Partial<Shading>): void {
    this.set({ shading: { ...this.shading, ...part } });
  }
}
