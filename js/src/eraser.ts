/** The eraser: what it goes over is taken from scribbles; clicks, boxes and lassos that it touches go. One wipe, one step. */
import { wiped, type Wipe } from "./cut";
import { distance, simplify } from "./geometry";
import { max } from "./math";
import type { Hand } from "./pen";
import type { Point, Reprompt } from "./protocol";
import type { PromptEvents } from "./select";
import type { Mark } from "./stroke";
import { toImage } from "./view";

/** In CSS pixels: a smaller eraser hits nothing. */
const LEAST_WIDTH = 14;
/** In CSS pixels: the radius of a click as it is drawn. */
const CLICK_RADIUS = 7;
/** In CSS pixels, of the eraser's way. */
const TOLERANCE = 0.5;

export class EraserHand implements Hand {
  private points: Point[] = [];
  private width = 0;

  constructor(private events: PromptEvents) {}

  /** In image pixels, for a brush of that width. */
  widthOf(brush: number): number {
    return max(brush, LEAST_WIDTH / this.events.where().view.scale);
  }

  begin(at: Point, { width }: Mark): void {
    if (!this.events.mayChange()) return;
    this.width = this.widthOf(width);
    this.points = [toImage(this.events.where().view, at)];
  }

  extend(points: Point[]): void {
    if (!this.points.length) return;
    const { view } = this.events.where();
    for (const at of points) {
      const point = toImage(view, at);
      if (distance(point, this.points[this.points.length - 1]!) * view.scale >= TOLERANCE) this.points.push(point);
    }
  }

  commit(): void {
    const { changes } = this;
    this.points = [];
    if (changes.length && this.events.mayChange()) this.events.change(changes);
  }

  discard(): void {
    this.points = [];
  }

  /** What the wipe so far would make of the list. */
  get changes(): Reprompt[] {
    if (!this.points.length) return [];
    const { scale } = this.events.where().view;
    const wipe: Wipe = { points: simplify(this.points, TOLERANCE / scale), radius: this.width / 2, reach: CLICK_RADIUS / scale };
    return wiped(this.events.prompts(), wipe);
  }
}
