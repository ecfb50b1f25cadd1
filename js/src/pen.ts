/** The stroke in progress: from the pointer going down to a prompt on its way to the kernel. */
import type { Clock } from "./clock";
import type { Kernel } from "./kernel";
import { hypot, min } from "./math";
import type { DrawnPrompt, Point } from "./protocol";
import { Stroke, TOLERANCE, type Mark, type Tool } from "./stroke";
import { toImage, type Size, type View } from "./view";

/** In CSS pixels: a box smaller than this was a click. */
const LEAST_DRAG = 3;
/** In CSS pixels: positions closer than this say nothing new. */
const LEAST_STEP = 0.3;
/** A tap this soon after another (in milliseconds) and this near (in CSS pixels) is the rest of a double click. */
const DOUBLE_WITHIN = 500;
const DOUBLE_NEAR = 5;

/** Tools that need some way, and what to say where there was none. */
const DRAG: Partial<Record<Tool, string>> = {
  box: "Drag a box around the object.",
  circle: "Drag from the middle of the circle to its edge.",
};

export interface PenEvents {
  /** Image and view as they are now. */
  where(): { image: Size; view: View };
  /** Tell the person why nothing came of a stroke. */
  say(text: string): void;
}

/** What a tool does with the pointer. Places are CSS pixels of the canvas. */
export interface Hand {
  begin(at: Point, mark: Mark): void;
  extend(points: Point[]): void;
  /** The pointer was lifted. */
  commit(): void;
  /** It was no stroke. */
  discard(): void;
}

export class Pen implements Hand {
  stroke: Stroke | null = null;
  private from: Point = [0, 0];
  private at: Point = [0, 0];
  /** The last stroke, where it was no more than a tap. */
  private tap: { stroke: Stroke; at: Point; time: number } | null = null;

  constructor(
    private kernel: Kernel,
    private clock: Clock,
    private events: PenEvents,
  ) {}

  begin(at: Point, { tool, label, positive, width, direct }: Mark): void {
    this.stroke = new Stroke(tool, label, positive, width, toImage(this.events.where().view, at), direct);
    this.from = this.at = at;
    if (this.isPreviewed) this.kernel.previews.begin();
    this.kernel.active();
  }

  extend(points: Point[]): void {
    if (!this.stroke) return;
    const { view } = this.events.where();
    for (const at of points) {
      this.stroke.extend(toImage(view, at), LEAST_STEP / view.scale);
      this.at = at;
    }
    if (this.isPreviewed && this.dragged) this.kernel.previews.grown();
  }

  /** The pointer was lifted: send what was drawn. */
  commit(): void {
    const { stroke, dragged } = this;
    if (!stroke) return;
    const { image, view } = this.events.where();
    // What is magnified is drawn more finely.
    const prompt = stroke.prompt(image, min(TOLERANCE, 1 / view.scale));
    this.end();
    const isRepeated = this.isRepeated(stroke);
    if (dragged && prompt && !isRepeated) {
      // A preview stays until the answer comes, so that the mask does not flicker.
      this.send(stroke, prompt);
      return;
    }
    this.kernel.masks.hidePreview();
    if (!isRepeated) this.events.say(dragged ? "That was beside the picture." : DRAG[stroke.tool]!);
  }

  discard(): void {
    this.end();
    this.kernel.masks.hidePreview();
  }

  send({ label, direct }: Pick<Mark, "label" | "direct">, prompt: DrawnPrompt): void {
    this.kernel.ask({ type: direct ? "paint" : "prompt", label, prompt }, this.clock.now());
  }

  /** What to show of the stroke. */
  get shown(): DrawnPrompt | null {
    return this.dragged ? (this.stroke?.prompt(this.events.where().image, 0) ?? null) : null;
  }

  /** What a preview should be asked for. */
  get soFar(): { label: number; prompt: DrawnPrompt } | null {
    const prompt = this.stroke?.prompt(this.events.where().image);
    return prompt ? { label: this.stroke!.label, prompt } : null;
  }

  private end(): void {
    this.stroke = null;
    this.kernel.previews.end();
    this.kernel.active();
  }

  /** Something else was done: what is tapped next is meant, wherever it is. */
  forgetTap(): void {
    this.tap = null;
  }

  /** Whether the stroke that has just ended says what the tap before it said. */
  private isRepeated(stroke: Stroke): boolean {
    const before = this.tap;
    this.tap = this.way < LEAST_DRAG ? { stroke, at: this.at, time: this.clock.now() } : null;
    if (!before || !this.tap || DRAG[stroke.tool]) return false;
    const kind = ({ tool, label, positive, direct }: Stroke): string => [tool, label, positive, direct].join();
    const near = hypot(this.at[0] - before.at[0], this.at[1] - before.at[1]) <= DOUBLE_NEAR;
    return kind(stroke) === kind(before.stroke) && near && this.tap.time - before.time <= DOUBLE_WITHIN;
  }

  /** Whether the stroke is one. */
  private get dragged(): boolean {
    return !this.stroke || !DRAG[this.stroke.tool] || this.way >= LEAST_DRAG;
  }

  private get isPreviewed(): boolean {
    return this.stroke !== null && this.stroke.tool !== "click" && !this.stroke.direct;
  }

  /** From where the pointer came down to where it is. */
  private get way(): number {
    return hypot(this.at[0] - this.from[0], this.at[1] - this.from[1]);
  }
}
