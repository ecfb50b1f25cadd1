/** The select tool: one prompt at a time is taken, moved, reshaped or deleted. */
import { distance } from "./geometry";
import { min } from "./math";
import type { Hand, PenEvents } from "./pen";
import { isRaster, type DrawnPrompt, type Point, type Prompt, type Reprompt } from "./protocol";
import { handlesOf, promptAt, reshaped, WHOLE } from "./reshape";
import { toImage, toScreen } from "./view";

/** In CSS pixels: so near is on it. */
const REACH = 8;
/** In CSS pixels: a shorter drag was a click, which only selects. */
const LEAST_DRAG = 2;

export interface PromptEvents extends PenEvents {
  prompts(): readonly Prompt[];
  /** False when prompts cannot be changed just now; the person is told why. */
  mayChange(): boolean;
  change(changes: Reprompt[]): void;
}

interface Drag {
  /** What is dragged, as it was. */
  prompt: Prompt;
  handle: number;
  from: Point;
  by: Point;
}

export class SelectHand implements Hand {
  /** Of the selected prompt in the list of the active label; -1: none. */
  private index = -1;
  private drag: Drag | null = null;

  constructor(private events: PromptEvents) {}

  get selected(): Prompt | null {
    return this.events.prompts()[this.index] ?? null;
  }

  begin(at: Point): void {
    const handle = this.handleAt(at);
    if (handle === WHOLE) this.index = this.promptAt(at);
    const prompt = this.selected;
    this.drag = prompt && { prompt, handle, from: at, by: [0, 0] };
  }

  extend(points: Point[]): void {
    const { drag } = this;
    const at = points[points.length - 1]!;
    if (drag) drag.by = [at[0] - drag.from[0], at[1] - drag.from[1]];
  }

  commit(): void {
    const { drag } = this;
    const shape = this.dragged;
    this.drag = null;
    if (!drag || distance(drag.by, [0, 0]) < LEAST_DRAG) return;
    // It may have been changed from elsewhere during the drag.
    if (drag.prompt !== this.selected || !this.events.mayChange()) return;
    if (isRaster(drag.prompt)) this.events.say("This scribble came as pixels: it can be deleted, but not moved.");
    else if (shape) this.events.change([{ index: this.index, prompts: [shape] }]);
    else this.events.say("That was beside the picture. Delete takes a prompt away.");
  }

  discard(): void {
    this.drag = null;
  }

  /** False when nothing is selected. */
  remove(): boolean {
    if (!this.selected) return false;
    if (!this.events.mayChange()) return true;
    this.events.change([{ index: this.index, prompts: [] }]);
    this.drop();
    return true;
  }

  /** Select nothing. False when nothing was. */
  drop(): boolean {
    const wasSelected = this.selected !== null;
    this.index = -1;
    this.drag = null;
    return wasSelected;
  }

  /** What the drag so far would make of the list. */
  get changes(): Reprompt[] {
    const { dragged } = this;
    return dragged ? [{ index: this.index, prompts: [dragged] }] : [];
  }

  /** Handles on the screen, of the selected prompt as it is shown. */
  get handles(): Point[] {
    const prompt = this.dragged ?? this.selected;
    const { view } = this.events.where();
    return prompt ? handlesOf(prompt).map((point) => toScreen(view, point)) : [];
  }

  /** Whether there is something to take under the pointer. */
  isOver(at: Point): boolean {
    return this.drag !== null || this.handleAt(at) !== WHOLE || this.promptAt(at) >= 0;
  }

  private get dragged(): DrawnPrompt | null {
    const { drag } = this;
    if (!drag || drag.prompt !== this.selected || isRaster(drag.prompt)) return null;
    const { image, view } = this.events.where();
    return reshaped(drag.prompt, drag.handle, [drag.by[0] / view.scale, drag.by[1] / view.scale], image);
  }

  private promptAt(at: Point): number {
    const { view } = this.events.where();
    return promptAt(this.events.prompts(), toImage(view, at), REACH / view.scale);
  }

  /** The nearest handle within reach, or WHOLE. */
  private handleAt(at: Point): number {
    const ways = this.handles.map((handle) => distance(handle, at));
    const nearest = min(...ways);
    return nearest <= REACH ? ways.indexOf(nearest) : WHOLE;
  }
}
