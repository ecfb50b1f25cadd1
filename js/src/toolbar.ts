/** The row of tools, and the row of labels below it where there are several. */
import { h, setAttribute } from "./dom";
import { icon, type IconName } from "./icons";
import { titleOf, type CommandName } from "./keys";
import type { LabelTrait } from "./protocol";
import { isPositive, type Settings } from "./settings";

export type PanelName = "view" | "more";

export interface ToolbarEvents {
  run(command: CommandName): void;
  sign(positive: boolean): void;
  toggle(panel: PanelName): void;
  label(index: number): void;
}

export interface ToolbarState {
  settings: Settings;
  canUndo: boolean;
  canRedo: boolean;
  canClear: boolean;
  labels: LabelTrait[];
  active: number;
  open: string | null;
}

/** More cannot be told apart by a digit key. */
const NUMBERED = 9;

export class Toolbar {
  readonly node: HTMLElement;
  readonly labels = h("div", {
    class: "sp-labels",
    role: "radiogroup",
    "aria-label": "Label",
    onkeydown: (event: KeyboardEvent) => this.walkLabels(event),
  });
  private buttons = new Map<string, HTMLButtonElement>();
  private drawnLabels = "";

  constructor(private events: ToolbarEvents) {
    const run = (command: CommandName, shape: IconName, text: string, title = titleOf(command)): HTMLButtonElement =>
      this.button(command, shape, text, title, () => events.run(command));
    const sign = (name: "plus" | "minus", text: string, positive: boolean): HTMLButtonElement =>
      this.button(name, name, "", `${text} (T switches, the right button draws the other)`, () => events.sign(positive));
    this.node = h(
      "div",
      { class: "sp-toolbar", role: "toolbar", "aria-label": "Tools", onkeydown: (event: KeyboardEvent) => this.walk(event) },
      group("Tool", run("scribble", "scribble", "Scribble"), run("click", "click", "Click"), run("box", "box", "Box")),
      group("Sign", sign("plus", "Positive: on the object", true), sign("minus", "Negative: beside the object", false)),
      group(
        "Steps",
        run("undo", "undo", ""),
        run("redo", "redo", ""),
        run("clear", "clear", "", titleOf("clear")),
      ),
      h("span", { class: "sp-gap" }),
      group(
        "Show",
        this.button("view", "view", "View", titleOf("options", "View: brush, mask, zoom, greys"), () => events.toggle("view")),
        this.button("more", "more", "", "Copy as Python, keys", () => events.toggle("more")),
      ),
    );
    for (const name of ["view", "more"]) this.get(name).setAttribute("aria-haspopup", "dialog");
    // One stop for the Tab key; arrows go on from there.
    for (const button of this.buttons.values()) button.tabIndex = button === this.get("scribble") ? 0 : -1;
  }

  update(state: ToolbarState): void {
    const { settings } = state;
    for (const tool of ["scribble", "click", "box"]) this.press(tool, settings.tool === tool);
    this.press("plus", isPositive(settings));
    this.press("minus", !isPositive(settings));
    this.enable("minus", settings.tool !== "box");
    this.enable("undo", state.canUndo);
    this.enable("redo", state.canRedo);
    this.enable("clear", state.canClear);
    for (const name of ["view", "more"]) {
      setAttribute(this.get(name), "aria-expanded", state.open === name);
      this.get(name).classList.toggle("sp-open", state.open === name);
    }
    this.updateLabels(state);
  }

  private updateLabels({ labels, active }: ToolbarState): void {
    this.labels.hidden = labels.length < 2;
    const drawn = JSON.stringify(labels);
    if (drawn !== this.drawnLabels) {
      this.drawnLabels = drawn;
      this.labels.replaceChildren(...labels.map((label, index) => this.chip(label, index)));
    }
    this.chips.forEach((chip, index) => {
      setAttribute(chip, "aria-checked", index === active);
      chip.tabIndex = index === active ? 0 : -1;
    });
  }

  private get chips(): HTMLButtonElement[] {
    return [...this.labels.children] as HTMLButtonElement[];
  }

  private chip(label: LabelTrait, index: number): HTMLButtonElement {
    const digit = index < NUMBERED ? String(index + 1) : "";
    const chip = h(
      "button",
      {
        type: "button",
        class: "sp-chip",
        role: "radio",
        title: digit ? `${label.name} (${digit})` : label.name,
        onclick: () => this.events.label(index),
      },
      h("span", { class: "sp-swatch" }),
      h("span", { class: "sp-name" }, label.name),
      digit ? h("kbd", { "aria-hidden": "true" }, digit) : null,
    );
    chip.style.setProperty("--sp-label", label.color);
    return chip;
  }

  private button(name: string, shape: IconName, text: string, title: string, act: () => void): HTMLButtonElement {
    const button = h(
      "button",
      { type: "button", class: `sp-button sp-${name}`, title, "aria-label": title, onclick: act },
      icon(shape),
      text ? h("span", { class: "sp-text" }, text) : null,
    );
    this.buttons.set(name, button);
    return button;
  }

  private get(name: string): HTMLButtonElement {
    return this.buttons.get(name)!;
  }

  private press(name: string, pressed: boolean): void {
    setAttribute(this.get(name), "aria-pressed", pressed);
  }

  /** Not `disabled`, which would lose the focus and hide the tooltip. */
  private enable(name: string, enabled: boolean): void {
    setAttribute(this.get(name), "aria-disabled", !enabled);
  }

  private walk(event: KeyboardEvent): void {
    const from = event.target as HTMLButtonElement;
    const next = neighbour(event, [...this.buttons.values()], { ArrowRight: 1, ArrowLeft: -1 });
    if (!next) return;
    from.tabIndex = -1;
    next.tabIndex = 0;
  }

  /** Radio buttons: the arrows choose. */
  private walkLabels(event: KeyboardEvent): void {
    const next = neighbour(event, this.chips, { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 });
    if (next) this.events.label(this.chips.indexOf(next));
  }
}

/** Give the focus to the button that an arrow key leads to, if it leads anywhere. */
function neighbour(
  event: KeyboardEvent,
  buttons: HTMLButtonElement[],
  steps: Record<string, number>,
): HTMLButtonElement | undefined {
  const step = steps[event.key];
  const at = buttons.indexOf(event.target as HTMLButtonElement);
  if (!step || at < 0) return undefined;
  const next = buttons[(at + step + buttons.length) % buttons.length];
  next?.focus();
  event.preventDefault();
  event.stopPropagation();
  return next;
}

function group(name: string, ...buttons: HTMLElement[]): HTMLElement {
  return h("div", { class: "sp-group", role: "group", "aria-label": name }, ...buttons);
}
