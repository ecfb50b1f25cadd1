/** The `finish` popover: what is done to the predicted mask. Sliders are sent when they are let go: one step each. */
import { h, listen, makeButton, makePopover, setText } from "./dom";
import { counted } from "./format";
import { max, round, within } from "./math";
import type { Entry, Finish } from "./protocol";
import { checkbox, makeSlider } from "./fields";

/** In pixels. Python takes more (`finish.py`): then the slider reaches as far. */
const SMOOTHEST = 10;
const UNFINISHED: Finish = { threshold: 0.5, fill_holes: false, keep_largest: false, smooth: 0 };

export interface FinishEvents {
  finish(change: Partial<Finish>): void;
  unpaint(): void;
}

export function makeFinishPanel({ finish, unpaint }: FinishEvents): { node: HTMLElement; update(entry: Entry): void } {
  const holes = checkbox((fill_holes) => finish({ fill_holes }));
  const largest = checkbox((keep_largest) => finish({ keep_largest }));
  const smooth = lateSlider("Smooth", "How much the border is rounded, in pixels", 0, SMOOTHEST, " px", (smooth) => finish({ smooth }));
  const threshold = lateSlider("Cut-off", "Least probability of the object", 1, 99, "%", (percent) =>
    finish({ threshold: percent / 100 }),
  );
  const remove = makeButton(".sp-quiet", "", unpaint);
  const reset = makeButton(".sp-quiet", "", () => finish(UNFINISHED), "Reset");
  return {
    node: makePopover(
      "Finish the mask",
      "",
      h(".sp-checks.sp-column", h("label", holes, "fill holes"), h("label", { title: "Painted pixels stay" }, largest, "keep the largest part only")),
      smooth.node,
      threshold.node,
      h(".sp-field", remove, h("span.sp-gap"), reset),
    ),
    update({ fill_holes, keep_largest, edits, ...values }) {
      holes.checked = fill_holes;
      largest.checked = keep_largest;
      smooth.update(values.smooth);
      threshold.update(within(round(values.threshold * 100), 1, 99)); // Python takes more than whole percents
      remove.hidden = !edits;
      setText(remove, `Remove ${counted(edits, "painted edit")}`);
    },
  };
}

/** A slider that shows its own value while it is dragged, and tells the last one. */
function lateSlider(
  caption: string,
  title: string,
  least: number,
  most: number,
  unit: string,
  done: (value: number) => void,
): { node: HTMLElement; update(value: number): void } {
  let held = false;
  const slider = makeSlider(caption, title, least, (value) => {
    held = true;
    show(value);
  });
  let reach = most;
  const show = (value: number): void => slider.update(value, reach, `${value}${unit}`);
  listen(slider.node, "change", (event) => {
    held = false;
    done(Number((event.target as HTMLInputElement).value));
  });
  return {
    node: slider.node,
    update(value) {
      if (held) return;
      reach = max(most, value);
      show(value);
    },
  };
}
