/** The `history` popover: the steps that were taken, the one that is shown marked; a click goes to any of them. */
import { h, makeButton, makePopover } from "./dom";
import { min } from "./math";
import type { LabelTrait, Steps } from "./protocol";

const NAMES: Record<string, string> = {
  open: "Picture opened",
  prompt: "Prompt",
  "edit prompts": "Prompts changed",
  clear: "Cleared",
  paint: "Mask painted",
  unpaint: "Paint removed",
  finish: "Mask finished",
  start: "Started from a mask",
  commit: "Object done",
  lock: "Locked",
  unlock: "Unlocked",
  model: "Another model",
};

export function makeHistoryPanel(go: (step: number) => void): { node: HTMLElement; show(steps: Steps, labels: LabelTrait[]): void } {
  const node = makePopover("History", ".sp-menu.sp-history");
  return {
    node,
    show({ steps, current }, labels) {
      const focused = [...node.children].indexOf(document.activeElement!);
      const items = steps.map(({ action, label, kind, positive }, step) => {
        const of = labels.length > 1 && label !== null && step ? labels[label]?.name : "";
        const item = makeButton(
          step > current ? ".sp-item.sp-undone" : ".sp-item",
          "",
          () => step !== current && go(step),
          h("span.sp-number", String(step)),
          kind ? `${kind[0]!.toUpperCase()}${kind.slice(1)} ${positive ? "+" : "−"}` : (NAMES[action] ?? action),
          of ? h("span.sp-of", of) : null,
        );
        if (step === current) item.setAttribute("aria-current", "step");
        return item;
      });
      node.replaceChildren(...items);
      items[min(focused, items.length - 1)]?.focus();
      const shown = items[current];
      if (shown && focused < 0) node.scrollTop = shown.offsetTop - node.clientHeight / 2;
    },
  };
}
