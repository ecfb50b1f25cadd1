/** What the `view` popover is made of. */
import { h, makeButton, setAttribute, setPressed, setText } from "./dom";
import { max } from "./math";

export class Slider {
  readonly node: HTMLElement;
  private input: HTMLInputElement;
  private value = h("output.sp-value");

  constructor(
    caption: string,
    title: string,
    private least: number,
    change: (value: number) => void,
  ) {
    this.input = h("input", {
      type: "range",
      min: least,
      label: title,
      oninput: () => change(Number(this.input.value)),
    });
    this.node = h("label.sp-field", { title }, captionOf(caption), this.input, this.value);
  }

  update(value: number, most: number, text: string): void {
    this.input.max = String(most);
    this.input.value = String(value);
    setAttribute(this.input, "aria-valuetext", text);
    this.input.style.setProperty("--sp-part", `${(100 * (value - this.least)) / max(most - this.least, 1)}%`);
    setText(this.value, text);
  }
}

/** Buttons of which one is on. */
export class Choice<T extends string> {
  readonly node: HTMLElement;
  private buttons: HTMLButtonElement[];

  constructor(
    caption: string,
    title: string,
    private values: readonly (readonly [value: T, text: string])[],
    choose: (value: T) => void,
  ) {
    this.buttons = values.map(([value, text]) => makeButton("", "", () => choose(value), text));
    this.node = field(caption, h(".sp-segments", { role: "group", label: title, title }, ...this.buttons));
  }

  update(chosen: T): void {
    this.buttons.forEach((button, i) => setPressed(button, this.values[i]![0] === chosen));
  }
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
