/** The `label` popover: name, colour and the like of the active label. */
import { focused, giveFocus, h, makeButton, makePopover, plainButton, setPressed } from "./dom";
import { icon, type IconName } from "./icons";
import type { LabelTrait } from "./protocol";
import { checkbox, field } from "./fields";

/** Okabe and Ito's palette, which colour-blind people can tell apart, and its tints; in the kernel's order. */
export const COLORS = "56b4e9e69f00cc79a7f0e442009e73d55e000072b2b0dcf5f5d58fe9c3d8f9f3a98ad4bff0b48a8abde0"
  .match(/.{6}/g)!
  .map((color) => `#${color}`);

export interface LabelEvents {
  /** False when another label has that name. */
  change(change: Partial<LabelTrait>): boolean;
  /** Where masks overlap: one up or down. */
  raise(up: boolean): void;
  hide(hidden: boolean): void;
  lock(locked: boolean): void;
  add(): void;
  remove(): void;
}

export interface LabelState {
  label: LabelTrait;
  several: boolean;
  hidden: boolean;
  locked: boolean;
  /** It was added last, and not used. */
  removable: boolean;
}

interface LabelPanel {
  node: HTMLElement;
  update(state: LabelState): void;
  /** Begin with the name. */
  rename(): void;
}

/** `close` closes the panel, and puts the focus back where it was: without it, Lab's own keys would be next. */
export function makeLabelPanel(events: LabelEvents, close: () => void): LabelPanel {
  let known = "";
  const name = h("input.sp-input", {
    type: "text",
    label: "Name",
    spellcheck: "false",
    onchange: () => {
      const typed = name.value.trim();
      if (!typed || typed === known || !events.change({ name: typed })) name.value = known;
    },
    onkeydown: ({ key }: KeyboardEvent) => {
      if (key === "Escape") name.value = known;
      if (key === "Enter") close();
    },
  });
  const other = h("input", { type: "color", label: "Any colour", onchange: () => events.change({ color: other.value }) });
  const swatches = COLORS.map((color) => {
    const swatch = plainButton(".sp-pick", color, () => events.change({ color }));
    swatch.style.background = color;
    return swatch;
  });
  const hide = checkbox(events.hide);
  const lock = checkbox(events.lock);
  const step = (shape: IconName, title: string, up: boolean): HTMLElement =>
    makeButton(".sp-quiet", title, () => events.raise(up), icon(shape));
  const removeLabel = (): void => {
    close(); // the next label's name is not to be typed over
    events.remove();
  };
  const remove = makeButton(".sp-item", "", removeLabel, icon("clear"), "Remove this label");
  const order = field("Order", step("up", "Up: on top of other labels", true), step("down", "Down", false));
  return {
    node: makePopover(
      "Label",
      "",
      field("Name", name),
      field("Colour", h(".sp-picks", ...swatches, other)),
      field(
        "Mask",
        h(
          ".sp-checks",
          h("label", { title: "In this view" }, hide, "hidden"),
          h("label", { title: "Nothing is drawn on it or over it" }, lock, "locked"),
        ),
      ),
      order,
      makeButton(".sp-item.sp-apart", "", events.add, icon("plus"), "Add a label"),
      remove,
    ),
    update({ label, several, hidden, locked, removable }) {
      // What is being typed is not written over, unless it is another label's.
      if (label.name !== known) {
        name.value = known = label.name;
        if (focused() === name) name.select();
      }
      other.value = label.color;
      for (const swatch of swatches) setPressed(swatch, swatch.title === label.color);
      hide.checked = hidden;
      lock.checked = locked;
      order.hidden = !several;
      remove.hidden = !removable;
    },
    rename() {
      giveFocus(name);
      name.select();
    },
  };
}
