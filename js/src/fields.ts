/** What the `view` popover is made of. */
import { h, makeButton, setAttribute, setPressed, setText } from "./dom";
import { max } from "./math";

export interface Slider {
  readonly node: HTMLElement;
  update(value: number, most: number, text: string): void;
}

export function makeSlider(caption: string, title: string, least: number, change: (value: number) => void): Slider {
  const input = h("input", { type: "range", min: least, label: title, oninput: () => change(Number(input.value)) });
  const shown = h("output.sp-value");
  return {
    node: h("label.sp-field", { title }, captionOf(caption), input, shown),
    update(value, most, text) {
      input.max = String(most);
      input.value = String(value);
      setAttribute(input, "aria-valuetext", text);
      input.style.setProperty("--sp-part", `${(100 * (value - least)) / max(most - least, 1)}%`);
      setText(shown, text);
    },
  };
}

/** Buttons of which one is on. */
export function makeChoice<T extends string>(
  caption: string,
  title: string,
  values: readonly (readonly [value: T, text: string])[],
  choose: (value: T) => void,
): { node: HTMLElement; update(chosen: T): void } {
  const buttons = values.map(([value, text]) => makeButton("", "", () => choose(value), text));
  return {
    node: field(caption, h(".sp-segments", { role: "group", label: title, title }, ...buttons)),
    update: (chosen) => values.forEach(([value], i) => setPressed(buttons[i]!, value === chosen)),
  };
}

export function checkbox(change: (checked: boolean) => void): HTMLInputElement {
  const input = h("input", { type: "checkbox", onchange: () => change(input.checked) });
  return input;
}

export function field(caption: string, ...children: HTMLElement[]): HTMLElement {
  return h(".sp-field", captionOf(caption), ...children);
}

function captionOf(text: string): HTMLElement {
  return h("span.sp-caption", text);
}
