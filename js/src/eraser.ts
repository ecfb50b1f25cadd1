/** The eraser: what it goes over is taken from scribbles; clicks, boxes and lassos that it touches go. One wipe, one step. */
import { wiped, type Wipe } from "./cut";
import { distance, simplify } from "./geometry";
import { max } from "./math";
import type { Hand } from "./pen";
import type { Point, Reprompt } from "./protocol";
import type { PromptEvents } from "./select";
import { toImage } from "./view";

/** In CSS pixels: a smaller eraser hits nothing. */
const LEAST_WIDTH = 14;
/** In CSS pixels: the radius of a click as it is drawn. */
const CLICK_RADIUS = 7;
/** In CSS pixels, of the eraser's way. */
const TOLERANCE = 0.5;

export interface EraserHand extends Hand {
  /** What the wipe so far would make of the list. */
  readonly changes: Reprompt[];
  /** In image pixels, for a brush of that width. */
  widthOf(brush: number): number;
}

export function makeEraserHand({ where, prompts, mayChange, change }: PromptEvents): EraserHand {
  let way: Point[] = [];
  let width = 0;

  const widthOf = (brush: number): number => max(brush, LEAST_WIDTH / where().view.scale);

  function changes(): Reprompt[] {
    if (!way.length) return [];
    const { image, view: { scale } } = where();
    const wipe: Wipe = { points: simplify(way, TOLERANCE / scale), radius: width / 2, reach: CLICK_RADIUS / scale };
    return wiped(prompts(), wipe, image);
  }

  return {
    get changes() {
      return changes();
    },
    widthOf,
    begin(at, mark) {
      if (!mayChange()) return;
      width = widthOf(mark.width);
      way = [toImage(where().view, at)];
    },
    extend(points) {
      if (!way.length) return;
      const { view } = where();
      for (const at of points) {
        const point = toImage(view, at);
        if (distance(point, way[way.length - 1]!) * view.scale >= TOLERANCE) way.push(point);
      }
    },
    commit() {
      const made = changes();
      way = [];
      if (made.length && mayChange()) change(made);
    },
    discard() {
      way = [];
    },
  };
}
