/** The `history` popover: the steps that were taken, the one that is shown marked; a click goes to any of them. */
import { focused, h, makeButton, makePopover } from "./dom";
import { min, round } from "./math";
import type { Finish, LabelTrait, Steps } from "./protocol";

const NAMES: Record<string, string> = {
  open: "Picture opened",
  prompt: "Prompt",
  paint: "Mask painted",
  unpaint: "Paint removed",
  finish: "Mask finished",
  start: "Started from a mask",
  commit: "Object done",
  resume: "Object taken up",
};

/** What is filled is called by both tools that do so: the kernel does not tell a circle from another polygon. */
const SHAPES: Record<string, string> = { lasso: "Lasso or circle" };

type Step = Steps["steps"][number];

function nameOf({ action, kind, positive, finish }: Step): string {
  if (kind) return `${SHAPES[kind] ?? capital(kind)} ${positive ? "+" : "−"}`;
  return (finish && finished(finish)) || (NAMES[action] ?? capital(action));
}

function capital(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}

function finished({ threshold, fill_holes, keep_largest, smooth }: Partial<Finish>): string {
  const said = [
    threshold !== undefined && `Cut-off ${round(threshold * 100)}%`,
    fill_holes !== undefined && (fill_holes ? "Holes filled" : "Holes left open"),
    keep_largest !== undefined && (keep_largest ? "Largest part alone" : "All parts"),
    smooth !== undefined && (smooth ? `Smoothed, ${smooth} px` : "Not smoothed"),
  ];
  return said.filter(Boolean).join("; ");
}

export function makeHistoryPanel(go: (step: number) => void): { node: HTMLElement; show(steps: Steps, labels: LabelTrait[]): void } {
  const node = makePopover("History", ".sp-menu.sp-history");
  return {
    node,
    show({ steps, current }, labels) {
      const place = [...node.children].indexOf(focused()!);
      const items = steps.map((taken, step) => {
        const { label } = taken;
        const of = labels.length > 1 && step ? labels[label]?.name : "";
        const item = makeButton(
          step > current ? ".sp-item.sp-undone" : ".sp-item",
          "",
          () => step !== current && go(step),
          h("span.sp-number", String(step)),
          nameOf(taken),
          of ? h("span.sp-of", of) : null,
        );
        if (step === current) item.setAttribute("aria-current", "step");
        return item;
      });
      node.replaceChildren(...items);
      items[min(place, items.length - 1)]?.focus();
      const shown = items[current];
      if (shown && place < 0) node.scrollTop = shown.offsetTop - node.clientHeight / 2;
    },
  };
}
