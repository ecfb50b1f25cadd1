/** A crosshair that the keyboard moves and draws with: one key begins a stroke, the arrows lead it, the key ends it. */
import { h } from "./dom";
import { max, round, within } from "./math";
import type { Point } from "./protocol";
import type { Tool } from "./stroke";
import { toScreen, type Size, type View } from "./view";

/** Steps in one, with Ctrl or Cmd. */
const LARGE_STEP = 10;
const WAYS: Record<string, Point> = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] };
/** What is done as soon as it is begun. */
const AT_ONCE: readonly Tool[] = ["click"];

export function wayOf(key: string): Point {
  const [x, y] = WAYS[key.replace("mod+", "")]!;
  const step = key.startsWith("mod+") ? LARGE_STEP : 1;
  return [x * step, y * step];
}

/** A key as the table of keys spells it, to the next place: by an image pixel, or where those are smaller, a CSS pixel. */
export function stepped([x, y]: Point, key: string, scale: number, image: Size): Point {
  const [dx, dy] = wayOf(key);
  const step = max(round(1 / scale), 1);
  const onImage = (place: number, length: number): number => within(round(place), 0, length - 1);
  return [onImage(x + dx * step, image.width), onImage(y + dy * step, image.height)];
}

/** What strokes by pointer do as well. Places in CSS pixels. */
export interface StrokeEvents {
  begin(at: Point, other: boolean): boolean;
  move(points: Point[]): void;
  end(): void;
  cancel(): void;
}

export interface Crosshair {
  readonly node: HTMLElement;
  /** In image pixels; null while the keyboard does not draw. */
  readonly at: Point | null;
  readonly drawing: boolean;
  move(key: string, from: Point, scale: number, image: Size): Point;
  /** Follow the view; a stroke goes on to where the crosshair is. */
  draw(view: View): void;
  /** The key that draws was pressed. */
  press(view: View, tool: Tool): void;
  /** End the stroke, and keep it. */
  finish(): void;
  /** Drop the stroke. False when there was none. */
  cancel(): boolean;
  /** The pointer takes over. */
  hide(): void;
}

export function makeCrosshair(hand: StrokeEvents): Crosshair {
  const node = h(".sp-crosshair", { "aria-hidden": "true", hidden: true });
  let at: Point | null = null;
  let drawing = false;

  function finish(): void {
    if (!drawing) return;
    drawing = false;
    hand.end();
  }

  return {
    node,
    get at() {
      return at;
    },
    get drawing() {
      return drawing;
    },
    move: (key, from, scale, image) => (at = stepped(at ?? from, key, scale, image)),
    draw(view) {
      node.hidden = !at;
      if (!at) return;
      const [x, y] = toScreen(view, at);
      node.style.transform = `translate(${x}px, ${y}px)`;
    },
    press(view, tool) {
      if (!at) return;
      const place = toScreen(view, at);
      if (drawing) {
        hand.move([place]);
        finish();
      } else if (hand.begin(place, false)) {
        drawing = true;
        if (AT_ONCE.includes(tool)) finish();
      }
    },
    finish,
    cancel() {
      if (!drawing) return false;
      drawing = false;
      hand.cancel();
      return true;
    },
    hide() {
      finish();
      at = null;
      node.hidden = true;
    },
  };
}
