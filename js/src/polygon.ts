/** The lasso tool: a drag is a freehand lasso; taps are the corners of a polygon. It closes at its first or last corner. */
import { distance } from "./geometry";
import { lassoAlong } from "./lasso";
import { max } from "./math";
import type { Hand, Pen, PenEvents } from "./pen";
import type { Lasso, Point } from "./protocol";
import type { Mark } from "./stroke";
import { toImage, toScreen } from "./view";

/** In CSS pixels: a shorter way was a tap. */
const LEAST_DRAG = 3;
/** In CSS pixels: so near is on a corner; a double click is a second tap on the last one. */
const NEAR = 8;

export class LassoHand implements Hand {
  /** Of the polygon under way, in image pixels. */
  corners: Point[] = [];
  private mark: Mark | null = null;
  private from: Point = [0, 0];
  private at: Point = [0, 0];
  /** Furthest from where the pointer came down: a lasso ends where it began. */
  private way = 0;

  constructor(
    private pen: Pen,
    private events: PenEvents,
  ) {}

  begin(at: Point, mark: Mark): void {
    [this.from, this.at, this.way] = [at, at, 0];
    if (this.corners.length) return;
    this.mark = mark;
    this.pen.begin(at, mark);
  }

  extend(points: Point[]): void {
    for (const at of points) {
      this.at = at;
      this.way = max(this.way, distance(at, this.from));
    }
    this.pen.extend(points);
  }

  commit(): void {
    const { corners, at } = this;
    if (!corners.length && this.way >= LEAST_DRAG) return this.pen.commit();
    this.pen.discard();
    if (this.closesAt(at) || this.isNear(at, corners[corners.length - 1])) this.close();
    else corners.push(toImage(this.events.where().view, at));
  }

  discard(): void {
    this.pen.discard();
  }

  /** Send the polygon. False when there is none under way. */
  close(): boolean {
    const { corners, mark } = this;
    if (!corners.length || !mark) return false;
    const lasso = lassoAlong(corners, mark.positive, this.events.where().image);
    if (!lasso) this.events.say("A polygon has three corners or more.");
    else {
      this.abandon();
      this.pen.send(mark, lasso);
    }
    return true;
  }

  /** Take the last corner back. False when there is none. */
  back(): boolean {
    return this.corners.pop() !== undefined;
  }

  /** Give the polygon up. False when there is none. */
  abandon(): boolean {
    return this.corners.splice(0).length > 0;
  }

  /** The polygon under way, with the side to the pointer; `open` until a tap there would close it. */
  shown(pointer: Point | null): { prompt: Lasso; mark: Mark; open: boolean } | null {
    const { corners, mark } = this;
    if (!corners.length || !mark) return null;
    const open = !pointer || !this.closesAt(pointer);
    const loose = pointer && open ? toImage(this.events.where().view, pointer) : corners[corners.length - 1]!;
    return { prompt: { kind: "lasso", points: [...corners, loose], positive: mark.positive }, mark, open };
  }

  private closesAt(at: Point): boolean {
    return this.corners.length > 2 && this.isNear(at, this.corners[0]);
  }

  private isNear(at: Point, corner: Point | undefined): boolean {
    return corner !== undefined && distance(toScreen(this.events.where().view, corner), at) <= NEAR;
  }
}
