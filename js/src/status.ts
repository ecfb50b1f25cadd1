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
  busy: "Another cell runs. What you drew waits and will be answered.",
  lost: "The kernel does not answer.",
  gone: "The kernel was restarted or has ended.",
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

export class StatusLine {
  readonly node: HTMLElement;
  /** Read out, not shown. */
  readonly live = h(".sp-live", { "aria-live": "polite" });
  private name = h("span.sp-name");
  private swatch = h("span.sp-swatch");
  private area = h("span", { title: "Area of the mask" });
  private prompts = h("span.sp-count");
  private objects = h("span.sp-done", { title: "Objects that are done" });
  private latency = h("span.sp-latency", { title: "From lifting the pointer to the mask on the screen" });
  /** What is under the pointer. */
  readonly readout = h("span.sp-readout", { title: "Column, row: value of the image" });
  private hint = h("span.sp-hint", { role: "status" });
  private state = h("span.sp-state");
  private facts: HTMLElement;
  private unhint: () => void = () => {};

  private cancel: HTMLButtonElement;

  constructor(
    private clock: Clock,
    cancel: () => void,
  ) {
    this.cancel = makeButton(".sp-cancel", "Cancel this prediction (Esc)", cancel, "Cancel");
    this.facts = h(
      "span.sp-facts",
      h("span.sp-label", this.swatch, this.name),
      this.area,
      this.prompts,
      this.objects,
      this.latency,
    );
    this.node = h(".sp-status", this.facts, this.hint, this.readout, this.state, this.cancel);
  }

  update(facts: Facts): void {
    setText(this.name, facts.label.name);
    this.swatch.style.background = facts.label.color;
    setText(this.area, areaText(facts.area, facts.spacing));
    setText(this.prompts, promptsText(facts.prompts));
    setText(this.objects, counted(facts.objects, "object"));
    setText(this.latency, facts.latency === null ? "" : latencyText(facts.latency));
    setText(this.state, STATES[facts.state]);
    this.cancel.hidden = !facts.cancellable;
    setAttribute(this.state, "data-state", facts.state);
    setAttribute(this.state, "title", TITLES[facts.state] ?? "");
  }

  /** Say something in the place of the facts, for a moment. */
  say(text: string): void {
    this.unhint();
    this.node.classList.add("sp-hinting");
    this.hint.textContent = text;
    this.unhint = this.clock.after(HINT_FOR, () => this.quiet());
  }

  quiet(): void {
    this.unhint();
    this.node.classList.remove("sp-hinting");
    this.hint.textContent = "";
  }

  /** Have it read out; the same words again too. */
  announce(text: string): void {
    this.live.textContent = this.live.textContent === text ? `${text}\u00a0` : text;
  }

  free(): void {
    this.unhint();
  }
}
