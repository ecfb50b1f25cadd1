/** The lasso tool: a drag is a freehand lasso; taps are the corners of a polygon, which closes at its first corner. */
import type { Clock } from "./clock";
import { distance } from "./geometry";
import { lassoAlong } from "./lasso";
import type { Hand, Pen, PenEvents } from "./pen";
import type { Lasso, Point } from "./protocol";
import type { Mark } from "./stroke";
import { toImage, toScreen } from "./view";

/** In CSS pixels: a shorter way was a tap. */
const LEAST_DRAG = 3;
/** In CSS pixels: so near its first corner the polygon closes. */
const CLOSE_NEAR = 9;
/** The second tap of a double click comes this soon (milliseconds) and this near (CSS pixels). */
const DOUBLE_WITHIN = 500;
const DOUBLE_NEAR = 5;

export class LassoHand implements Hand {
  /** Of the polygon under way, in image pixels. */
  corners: Point[] = [];
  private mark: Mark | null = null;
  private from: Point = [0, 0];
  private at: Point = [0, 0];
  /** Furthest from where the pointer came down: a lasso ends where it began. */
  private way = 0;
  private tap: { at: Point; time: number } | null = null;

  constructor(
    private pen: Pen,
    private clock: Clock,
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
      this.way = Math.max(this.way, distance(at, this.from));
    }
    this.pen.extend(points);
  }

  commit(): void {
    if (!this.corners.length && this.way >= LEAST_DRAG) return this.pen.commit();
    this.pen.discard();
    const isDouble = this.isDouble();
    if (isDouble || this.closesAt(this.at)) return void this.close();
    this.corners.push(toImage(this.events.where().view, this.at));
    if (this.corners.length === 1) this.events.say("Click the corners; the first one, a double click or Enter closes.");
  }

  discard(): void {
    this.pen.discard();
  }

  /** Send the polygon. False when there is none under way. */
  close(): boolean {
    const { corners, mark } = this;
    if (!corners.length || !mark) return false;
    const lasso = lassoAlong(corners, mark.positive, this.events.where().image);
    if (corners.length < 3) {
      this.events.say("A polygon has three corners or more.");
      return true;
    }
    this.abandon();
    if (lasso) this.pen.send(mark, lasso);
    else this.events.say("There is nothing inside it.");
    return true;
  }

  /** Take the last corner back. False when there is none. */
  back(): boolean {
    this.tap = null;
    return this.corners.pop() !== undefined;
  }

  /** Give the polygon up. False when there is none. */
  abandon(): boolean {
    const wasOpen = this.corners.length > 0;
    this.corners = [];
    this.tap = null;
    return wasOpen;
  }

  /** Whether a tap there closes the polygon. */
  closesAt(at: Point): boolean {
    if (this.corners.length < 3) return false;
    const first = toScreen(this.events.where().view, this.corners[0]!);
    return distance(first, at) <= CLOSE_NEAR;
  }

  /** The polygon under way, with the side to the pointer; `open` until a tap there would close it. */
  shown(pointer: Point | null): { prompt: Lasso; mark: Mark; open: boolean } | null {
    const { corners, mark } = this;
    if (!corners.length || !mark) return null;
    const open = !pointer || !this.closesAt(pointer);
    const loose = pointer && open ? toImage(this.events.where().view, pointer) : corners[corners.length - 1]!;
    return { prompt: { kind: "lasso", points: [...corners, loose], positive: mark.positive }, mark, open };
  }

  private isDouble(): boolean {
    const before = this.tap;
    this.tap = { at: this.at, time: this.clock.now() };
    return (
      before !== null &&
      this.tap.time - before.time <= DOUBLE_WITHIN &&
      distance(this.at, before.at) <= DOUBLE_NEAR
    );
  }
}
