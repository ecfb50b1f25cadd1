/** The row of labels, where there are several: a chip for each, and buttons to add and to change one. */
import { focused, giveFocus, h, makeButton, plainButton, setAttribute } from "./dom";
import { icon } from "./icons";
import type { Entry, LabelTrait } from "./protocol";
import { neighbour } from "./toolbar";

export interface LabelBarEvents {
  choose(index: number): void;
  add(): void;
  /** Change the active label. */
  edit(): void;
}

export interface LabelBarState {
  labels: LabelTrait[];
  active: number;
  entries: Pick<Entry, "locked" | "objects">[];
  hidden: readonly number[];
}

/** More cannot be told apart by a digit key. */
const NUMBERED = 9;

export function makeLabelBar({ choose, add, edit }: LabelBarEvents): { node: HTMLElement; update(state: LabelBarState): void } {
  let chips: HTMLButtonElement[] = [];
  let drawn = "";
  const group = h(".sp-chips", {
    role: "radiogroup",
    label: "Label",
    // Radio buttons: the arrows choose.
    onkeydown: (event: KeyboardEvent) => {
      const next = neighbour(event, chips, { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 });
      if (next) choose(chips.indexOf(next));
    },
  });
  const node = h(
    ".sp-labels",
    group,
    makeButton("", "Add a label", add, icon("plus")),
    makeButton("", "Change the label (or double click it)", edit, icon("edit")),
  );

  const makeChip = ({ labels, entries, hidden }: LabelBarState, index: number): HTMLButtonElement => {
    const { name, color } = labels[index]!;
    const { locked, objects } = entries[index]!;
    const digit = index < NUMBERED ? String(index + 1) : "";
    const chip = plainButton(
      hidden.includes(index) ? ".sp-chip.sp-off" : ".sp-chip",
      "",
      () => choose(index),
      // First: after the number of objects it would look like a part of it.
      digit ? h("kbd", { "aria-hidden": "true" }, digit) : null,
      h("span.sp-swatch"),
      h("span.sp-name", name),
      objects ? h("span", { title: "Objects that are done" }, `× ${objects}`) : null,
      locked ? icon("lock") : null,
    );
    chip.setAttribute("role", "radio");
    chip.title = digit ? `${name} (${digit})` : name;
    chip.addEventListener("dblclick", edit);
    chip.style.setProperty("--sp-label", color);
    return chip;
  };

  return {
    node,
    update(state) {
      const { labels, active, entries, hidden } = state;
      node.hidden = labels.length < 2;
      const key = JSON.stringify([labels, entries.map(({ locked, objects }) => [locked, objects]), hidden]);
      if (key !== drawn) {
        drawn = key;
        const place = chips.indexOf(focused() as HTMLButtonElement);
        chips = labels.map((_, index) => makeChip(state, index));
        group.replaceChildren(...chips);
        giveFocus(chips[place]);
      }
      chips.forEach((chip, index) => {
        setAttribute(chip, "aria-checked", index === active);
        chip.tabIndex = index === active ? 0 : -1;
      });
    },
  };
}
