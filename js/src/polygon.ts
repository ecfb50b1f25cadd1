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

export interface LassoHand extends Hand {
  /** Of the polygon under way, in image pixels. */
  readonly corners: Point[];
  /** Send the polygon. False when there is none under way. */
  close(): boolean;
  /** Take the last corner back. False when there is none. */
  back(): boolean;
  /** Give the polygon up. False when there is none. */
  abandon(): boolean;
  /** The polygon under way, with the side to the pointer; `open` until a tap there would close it. */
  shown(pointer: Point | null): { prompt: Lasso; mark: Mark; open: boolean } | null;
}

export function makeLassoHand(pen: Pen, { where, say }: PenEvents): LassoHand {
  const corners: Point[] = [];
  let mark: Mark | null = null;
  let from: Point = [0, 0];
  let place: Point = [0, 0];
  /** Furthest from where the pointer came down: a lasso ends where it began. */
  let way = 0;

  const isNear = (at: Point, corner: Point | undefined): boolean =>
    corner !== undefined && distance(toScreen(where().view, corner), at) <= NEAR;

  const closesAt = (at: Point): boolean => corners.length > 2 && isNear(at, corners[0]);

  const abandon = (): boolean => corners.splice(0).length > 0;

  function close(): boolean {
    if (!corners.length || !mark) return false;
    const lasso = lassoAlong(corners, mark.positive, where().image);
    if (!lasso) say("A polygon has three corners or more.");
    else {
      abandon();
      pen.send(mark, lasso);
    }
    return true;
  }

  return {
    corners,
    begin(at, next) {
      [from, place, way] = [at, at, 0];
      if (corners.length) return;
      mark = next;
      pen.begin(at, next);
    },
    extend(points) {
      for (const at of points) {
        place = at;
        way = max(way, distance(at, from));
      }
      pen.extend(points);
    },
    commit() {
      if (!corners.length && way >= LEAST_DRAG) return pen.commit();
      pen.discard();
      if (closesAt(place) || isNear(place, corners[corners.length - 1])) close();
      else corners.push(toImage(where().view, place));
    },
    discard: pen.discard,
    close,
    back: () => corners.pop() !== undefined,
    abandon,
    shown(pointer) {
      if (!corners.length || !mark) return null;
      const open = !pointer || !closesAt(pointer);
      const loose = pointer && open ? toImage(where().view, pointer) : corners[corners.length - 1]!;
      return { prompt: { kind: "lasso", points: [...corners, loose], positive: mark.positive }, mark, open };
    },
  };
}
