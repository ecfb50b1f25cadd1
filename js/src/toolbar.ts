/** The row of tools. */
import { h, makeButton, setAttribute, setPressed, setText, swallow } from "./dom";
import { icon, type IconName } from "./icons";
import { titleOf, type Action } from "./keys";
import { isPositive, toolInHand, type Settings } from "./settings";
import { iconOf, MORE_TOOLS, moreTool } from "./toolspanel";

/** Each opens from a button of this row. */
const OPENERS = ["tools", "view", "more"] as const;
export type OpenerName = (typeof OPENERS)[number];

export interface ToolbarEvents {
  run(command: Action): void;
  sign(positive: boolean): void;
  toggle(panel: OpenerName): void;
}

export interface ToolbarState {
  settings: Settings;
  can: Record<"undo" | "redo" | "clear", boolean>;
  open: string | null;
}

export function makeToolbar(events: ToolbarEvents): { node: HTMLElement; update(state: ToolbarState): void } {
  const buttons = new Map<string, HTMLButtonElement>();
  const get = (name: string): HTMLButtonElement => buttons.get(name)!;
  /** What the button for more tools shows. */
  let shownTool: IconName = "tools";

  function button(name: string, shape: IconName, text: string, title: string, act: () => void): HTMLButtonElement {
    const made = makeButton(`.sp-${name}`, title, act, icon(shape), text ? h("span.sp-text", text) : null);
    buttons.set(name, made);
    return made;
  }

  /** A command has the name of its icon. */
  const run = (command: Action & IconName, text: string): HTMLButtonElement =>
    button(command, command, text, titleOf(command), () => events.run(command));
  const sign = (name: "plus" | "minus", text: string, positive: boolean): HTMLButtonElement =>
    button(name, name, "", `${text} (T switches, the right button draws the other)`, () => events.sign(positive));
  const opener = (name: OpenerName, text: string, title: string): HTMLButtonElement =>
    button(name, name, text, title, () => events.toggle(name));

  function walk(event: KeyboardEvent): void {
    const next = neighbour(event, [...buttons.values()], { ArrowRight: 1, ArrowLeft: -1 });
    if (!next) return;
    (event.target as HTMLButtonElement).tabIndex = -1;
    next.tabIndex = 0;
  }

  function showTool(settings: Settings): void {
    const more = moreTool(settings);
    const shape = more ? iconOf(settings) : "tools";
    const tools = get("tools");
    tools.classList.toggle("sp-direct", settings.direct);
    setPressed(tools, more !== null);
    setText(tools.querySelector(".sp-text")!, more ? MORE_TOOLS[more][0] : "Tools");
    if (shape === shownTool) return;
    shownTool = shape;
    tools.querySelector("svg")!.replaceWith(icon(shape));
  }

  /** Not `disabled`, which would lose the focus and hide the tooltip. */
  const enable = (name: string, enabled: boolean): void => setAttribute(get(name), "aria-disabled", !enabled);

  const node = h(
    ".sp-toolbar",
    { role: "toolbar", label: "Tools", onkeydown: walk },
    group(
      "Tool",
      run("scribble", "Scribble"),
      run("click", "Click"),
      run("box", "Box"),
      opener("tools", "Tools", "Lasso, circle, select, erase, paint"),
    ),
    group("Sign", sign("plus", "Positive: on the object", true), sign("minus", "Negative: beside the object", false)),
    group("Steps", run("undo", ""), run("redo", ""), run("clear", "")),
    h("span.sp-gap"),
    group(
      "Show",
      opener("view", "View", titleOf("options", "View: brush, mask, zoom, greys")),
      opener("more", "", "Objects, labels, history, Python, keys"),
    ),
  );
  for (const name of OPENERS) get(name).setAttribute("aria-haspopup", "dialog");
  // One stop for the Tab key; arrows go on from there.
  for (const [name, one] of buttons) one.tabIndex = name === "scribble" ? 0 : -1;

  return {
    node,
    update({ settings, can, open }) {
      const tool = toolInHand(settings);
      for (const name of ["scribble", "click", "box"]) setPressed(get(name), tool === name && !settings.direct);
      showTool(settings);
      setPressed(get("plus"), isPositive(settings));
      setPressed(get("minus"), !isPositive(settings));
      enable("minus", tool !== "box");
      for (const name of ["undo", "redo", "clear"] as const) enable(name, can[name]);
      for (const name of OPENERS) {
        setAttribute(get(name), "aria-expanded", open === name);
        get(name).classList.toggle("sp-open", open === name);
      }
    },
  };
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
