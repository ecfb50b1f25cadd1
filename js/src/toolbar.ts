/** The row of tools. */
import { h, makeButton, setAttribute, setPressed, setText, swallow } from "./dom";
import { icon, type IconName } from "./icons";
import { titleOf, type CommandName } from "./keys";
import { isPositive, toolInHand, type Settings } from "./settings";
import { iconOf, MORE_TOOLS, moreTool } from "./toolspanel";

/** Each opens from a button of this row. */
const OPENERS = ["tools", "view", "more"] as const;
export type OpenerName = (typeof OPENERS)[number];

export interface ToolbarEvents {
  run(command: CommandName): void;
  sign(positive: boolean): void;
  toggle(panel: OpenerName): void;
}

export interface ToolbarState {
  settings: Settings;
  can: Record<"undo" | "redo" | "clear", boolean>;
  open: string | null;
}

export class Toolbar {
  readonly node: HTMLElement;
  private buttons = new Map<string, HTMLButtonElement>();
  /** What the button for more tools shows. */
  private shownTool: IconName = "tools";

  constructor(events: ToolbarEvents) {
    const run = (command: CommandName, shape: IconName, text: string, title = titleOf(command)): HTMLButtonElement =>
      this.button(command, shape, text, title, () => events.run(command));
    const sign = (name: "plus" | "minus", text: string, positive: boolean): HTMLButtonElement =>
      this.button(name, name, "", `${text} (T switches, the right button draws the other)`, () => events.sign(positive));
    this.node = h(
      ".sp-toolbar",
      { role: "toolbar", label: "Tools", onkeydown: (event: KeyboardEvent) => this.walk(event) },
      group(
        "Tool",
        run("scribble", "scribble", "Scribble"),
        run("click", "click", "Click"),
        run("box", "box", "Box"),
        this.button("tools", "tools", "Tools", "Lasso, circle, select, erase, paint", () => events.toggle("tools")),
      ),
      group("Sign", sign("plus", "Positive: on the object", true), sign("minus", "Negative: beside the object", false)),
      group(
        "Steps",
        run("undo", "undo", ""),
        run("redo", "redo", ""),
        run("clear", "clear", "", titleOf("clear")),
      ),
      h("span.sp-gap"),
      group(
        "Show",
        this.button("view", "view", "View", titleOf("options", "View: brush, mask, zoom, greys"), () => events.toggle("view")),
        this.button("more", "more", "", "Objects, labels, history, Python, keys", () => events.toggle("more")),
      ),
    );
    for (const name of OPENERS) this.get(name).setAttribute("aria-haspopup", "dialog");
    // One stop for the Tab key; arrows go on from there.
    for (const button of this.buttons.values()) button.tabIndex = button === this.get("scribble") ? 0 : -1;
  }

  update(state: ToolbarState): void {
    const { settings } = state;
    const tool = toolInHand(settings);
    for (const name of ["scribble", "click", "box"]) this.press(name, tool === name && !settings.direct);
    this.showTool(settings);
    this.press("plus", isPositive(settings));
    this.press("minus", !isPositive(settings));
    this.enable("minus", tool !== "box");
    for (const name of ["undo", "redo", "clear"] as const) this.enable(name, state.can[name]);
    for (const name of OPENERS) {
      setAttribute(this.get(name), "aria-expanded", state.open === name);
      this.get(name).classList.toggle("sp-open", state.open === name);
    }
  }

  private showTool(settings: Settings): void {
    const button = this.get("tools");
    const more = moreTool(settings);
    const shape = more ? iconOf(settings) : "tools";
    button.classList.toggle("sp-direct", settings.direct);
    this.press("tools", more !== null);
    setText(button.querySelector(".sp-text")!, more ? MORE_TOOLS[more][0] : "Tools");
    if (shape === this.shownTool) return;
    this.shownTool = shape;
    button.querySelector("svg")!.replaceWith(icon(shape));
  }

  private button(name: string, shape: IconName, text: string, title: string, act: () => void): HTMLButtonElement {
    const button = makeButton(`.sp-${name}`, title, act, icon(shape), text ? h("span.sp-text", text) : null);
    this.buttons.set(name, button);
    return button;
  }

  private get(name: string): HTMLButtonElement {
    return this.buttons.get(name)!;
  }

  private press(name: string, pressed: boolean): void {
    setPressed(this.get(name), pressed);
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
}

/** Give the focus to the button that an arrow key leads to, if it leads anywhere. */
export function neighbour(
  event: KeyboardEvent,
  buttons: HTMLButtonElement[],
  steps: Record<string, number>,
): HTMLButtonElement | undefined {
  const step = steps[event.key];
  const at = buttons.indexOf(event.target as HTMLButtonElement);
  if (!step || at < 0) return undefined;
  const next = buttons[(at + step + buttons.length) % buttons.length];
  next?.focus();
  swallow(event);
  return next;
}

function group(name: string, ...buttons: HTMLElement[]): HTMLElement {
  return h(".sp-group", { role: "group", label: name }, ...buttons);
}
