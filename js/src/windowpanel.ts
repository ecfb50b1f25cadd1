/** The part of the `view` popover that is about grey levels: window and level, gamma, inverted or not. */
import { h, makeButton, setPressed, setText } from "./dom";
import { checkbox, field, makeSlider } from "./fields";
import { titleOf } from "./keys";
import { round } from "./math";
import type { Picture } from "./raster";
import type { Settings } from "./settings";
import { presetIndex, presetsOf, windowText, type Shading } from "./windowlevel";

/** Gamma goes from a quarter to four; the slider's steps to a factor of two. */
const GAMMA_STEPS = 10;

export interface WindowFields {
  readonly nodes: HTMLElement[];
  update(shading: Shading, picture: Picture | null, dragging: boolean): void;
}

export function makeWindowFields(set: (change: Partial<Settings>) => void, toggleDrag: () => void): WindowFields {
  let now: Shading;
  let shown: Picture | null = null;
  const change = (part: Partial<Shading>): void => set({ shading: { ...now, ...part } });
  const reset = (): void => change({ ...shown!.usual, gamma: 1, inverted: false });

  const choices = h(".sp-presets", { role: "group", label: titleOf("preset") });
  const text = h("span.sp-value");
  const gamma = makeSlider("Gamma", "Gamma: below 1 brightens", -2 * GAMMA_STEPS, (step) => change({ gamma: 2 ** (step / GAMMA_STEPS) }));
  const inverted = checkbox((inverted) => change({ inverted }));
  const drag = makeButton("", titleOf("window"), toggleDrag, "Drag");
  const nodes = [
    field("Greys", choices),
    field("", text, drag),
    gamma.node,
    field(
      "",
      h("label.sp-checks", { title: titleOf("invert") }, inverted, "inverted"),
      h("span.sp-gap"),
      makeButton("", "Window, level and gamma as they were", reset, "Reset"),
    ),
  ];
  return {
    nodes,
    update(shading, picture, dragging) {
      now = shading;
      for (const node of nodes) node.hidden = !picture;
      if (!picture) return;
      const presets = presetsOf(picture);
      if (picture !== shown) {
        choices.replaceChildren(
          ...presets.map(({ name, window, level }) =>
            makeButton("", windowText({ window, level }, picture.unit), () => change({ window, level }), name),
          ),
        );
      }
      shown = picture;
      const chosen = presetIndex(presets, shading);
      [...choices.children].forEach((preset, i) => setPressed(preset, i === chosen));
      setPressed(drag, dragging);
      setText(text, windowText(shading, picture.unit));
      gamma.update(round(Math.log2(shading.gamma) * GAMMA_STEPS), 2 * GAMMA_STEPS, shading.gamma.toFixed(2));
      inverted.checked = shading.inverted;
    },
  };
}
