/** The line of facts under the picture. */
import type { Clock } from "./clock";
import { h, makeButton, setAttribute, setText } from "./dom";
import { areaText, counted, latencyText, promptsText } from "./format";
import type { LabelTrait } from "./protocol";
import type { KernelState } from "./requests";

const HINT_FOR = 3000;

const STATES: Record<KernelState | "error", string> = {
  ready: "ready",
  thinking: "thinking",
  busy: "kernel busy",
  error: "error",
  lost: "no answer",
  gone: "disconnected",
};
const TITLES: Partial<Record<KernelState | "error", string>> = {
  busy: "Another cell runs. What you drew waits.",
};

export interface Facts {
  label: LabelTrait;
  area: number;
  spacing: [number, number] | null | undefined;
  prompts: number;
  /** Committed. */
  objects: number;
  latency: number | null;
  state: KernelState | "error";
  cancellable: boolean;
}

export interface StatusLine {
  readonly node: HTMLElement;
  /** Read out, not shown. */
  readonly live: HTMLElement;
  /** What is under the pointer. */
  readonly readout: HTMLElement;
  update(facts: Facts): void;
  /** Say something in the place of the facts, for a moment. */
  say(text: string): void;
  quiet(): void;
  /** Have it read out; the same words again too. */
  announce(text: string): void;
  free(): void;
}

export function makeStatusLine(clock: Clock, cancel: () => void): StatusLine {
  const live = h(".sp-live", { "aria-live": "polite" });
  const name = h("span.sp-name");
  const swatch = h("span.sp-swatch");
  const area = h("span", { title: "Area of the mask" });
  const prompts = h("span.sp-count");
  const objects = h("span.sp-done", { title: "Objects that are done" });
  const latency = h("span.sp-latency", { title: "From lifting the pointer to the mask" });
  const readout = h("span.sp-readout", { title: "Column, row: value" });
  const hint = h("span.sp-hint", { role: "status" });
  const state = h("span.sp-state");
  const stop = makeButton(".sp-cancel", "Cancel (Esc)", cancel, "Cancel");
  const facts = h("span.sp-facts", h("span.sp-label", swatch, name), area, prompts, objects, latency);
  const node = h(".sp-status", facts, hint, readout, state, stop);
  let unhint = (): void => {};

  function quiet(): void {
    unhint();
    node.classList.remove("sp-hinting");
    hint.textContent = "";
  }

  return {
    node,
    live,
    readout,
    update(facts) {
      setText(name, facts.label.name);
      swatch.style.background = facts.label.color;
      setText(area, areaText(facts.area, facts.spacing));
      setText(prompts, promptsText(facts.prompts));
      setText(objects, counted(facts.objects, "object"));
      setText(latency, facts.latency === null ? "" : latencyText(facts.latency));
      setText(state, STATES[facts.state]);
      stop.hidden = !facts.cancellable;
      setAttribute(state, "data-state", facts.state);
      setAttribute(state, "title", TITLES[facts.state] ?? "");
    },
    say(text) {
      unhint();
      node.classList.add("sp-hinting");
      hint.textContent = text;
      unhint = clock.after(HINT_FOR, quiet);
    },
    quiet,
    announce(text) {
      live.textContent = live.textContent === text ? `${text}\u00a0` : text;
    },
    free: () => unhint(),
  };
}
