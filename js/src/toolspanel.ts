/** The `tools` popover: what is not needed at first glance. The button that opens it shows which of them is in hand. */
import { h, makeButton, makePopover, setPressed } from "./dom";
import { icon, type IconName } from "./icons";
import { COMMANDS, type Action } from "./keys";
import { toolInHand, type Settings } from "./settings";

/** Each with its name on the button, and what to do with it, for who takes it up. */
export const MORE_TOOLS = {
  lasso: ["Lasso", "Drag around it, or click corners; a double click closes."],
  circle: ["Circle", "Drag from the middle to the edge."],
  select: ["Select", "Drag prompts or handles, click objects that are done. Delete removes."],
  eraser: ["Eraser", "Wipe over what you drew."],
  direct: ["Paint", "Brush on the mask: + sets pixels, − clears. L by lasso, O by circle."],
} as const;

export type MoreTool = keyof typeof MORE_TOOLS;

/** Which of them is in hand; painting can be done with several tools. */
export function moreTool(settings: Settings): MoreTool | null {
  const tool = toolInHand(settings);
  return settings.direct ? "direct" : tool in MORE_TOOLS ? (tool as MoreTool) : null;
}

export function iconOf(settings: Settings): IconName {
  const tool = toolInHand(settings);
  return settings.direct && tool === "scribble" ? "direct" : tool;
}

export function makeToolsPanel(run: (command: Action) => void): { node: HTMLElement; update(settings: Settings): void } {
  const tools = Object.keys(MORE_TOOLS) as MoreTool[];
  const items = tools.map((tool) => menuItem(tool, tool, () => run(tool)));
  items[tools.indexOf("direct")]!.classList.add("sp-apart");
  return {
    node: makePopover("Tools", ".sp-menu.sp-left", ...items),
    update(settings) {
      const inHand = [toolInHand(settings), settings.direct && "direct"];
      items.forEach((item, i) => setPressed(item, inHand.includes(tools[i]!)));
    },
  };
}

/** A line of a menu, with the key that does the same. */
export function menuItem(command: Action, shape: IconName, act: () => void): HTMLButtonElement {
  const { name, shown } = COMMANDS.find((entry) => entry.command === command)!;
  const key = h("kbd", { "aria-hidden": "true" }, shown);
  return makeButton(".sp-item", "", act, icon(shape), h("span", name), key);
}
