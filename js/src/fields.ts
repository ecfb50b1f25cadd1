/** What the `view` popover is made of. */
import { h, setAttribute, setText } from "./dom";

export class Slider {
  readonly node: HTMLElement;
  private input: HTMLInputElement;
  private value = h("output", { class: "sp-value" });

  constructor(caption: string, title: string, least: number, change: (value: number) => void) {
    this.input = h("input", {
      type: "range",
      min: least,
      step: "any",
      "aria-label": title,
      oninput: () => change(Number(this.input.value)),
    });
    this.node = h("label", { class: "sp-field", title }, h("span", { class: "sp-caption" }, caption), this.input, this.value);
  }

  /** `step` null: any value between. */
  update(value: number, most: number, text: string, least = Number(this.input.min), step: number | null = 1): void {
    setAttribute(this.input, "step", step ?? "any");
    setAttribute(this.input, "min", least);
    setAttribute(this.input, "max", most);
    setAttribute(this.input, "aria-valuetext", text);
    this.input.value = String(value);
    const share = (Number(this.input.value) - least) / Math.max(most - least, Number.MIN_VALUE);
    this.input.style.setProperty("--sp-part", `${100 * share}%`);
    setText(this.value, text);
  }
}

export function checkbox(change: (checked: boolean) => void): HTMLInputElement {
  const input = h("input", { type: "checkbox", onchange: () => change(input.checked) });
  return input;
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
    this.buttons = values.map(([value, text]) =>
      h("button", { type: "button", class: "sp-button", onclick: () => choose(value) }, text),
    );
    this.node = field(caption, h("div", { class: "sp-segments", role: "group", "aria-label": title, title }, ...this.buttons));
  }

  update(chosen: T): void {
    this.buttons.forEach((button, i) => setAttribute(button, "aria-pressed", this.values[i]![0] === chosen));
  }
}

export function field(caption: string, ...children: (HTMLElement | null)[]): HTMLElement {
  return h("div", { class: "sp-field" }, h("span", { class: "sp-caption" }, caption), ...children);
}

export function quietButton(title: string, act: () => void, ...children: (Node | string)[]): HTMLButtonElement {
  return h("button", { type: "button", class: "sp-button sp-quiet", title, onclick: act }, ...children);
}
