/** Pointers and wheel to what is meant: a stroke, moving the picture, zooming. CSS pixels of the canvas. */
import { listen, swallow } from "./dom";
import { distance } from "./geometry";
import { isMac } from "./keys";
import { max, within } from "./math";
import type { Point } from "./protocol";

export interface GestureEvents {
  /** A stroke begins; `other`: with the other sign. False: nothing to draw here. */
  begin(at: Point, other: boolean): boolean;
  move(points: Point[]): void;
  end(): void;
  /** The stroke was no stroke. */
  cancel(): void;
  pan(dx: number, dy: number): void;
  zoom(at: Point, factor: number): void;
  /** A drag that sets window and level. */
  window(dx: number, dy: number): void;
  /** A finger came down that does nothing, because a pen draws. */
  refused(): void;
  /** The pointer rests here, without drawing; null: it left, or is a finger. */
  hover(at: Point | null): void;
}

/** What a drag does. */
export type DragMode = "stroke" | "pan" | "window";
type Mode = DragMode | "idle" | "pinch" | "spent";

const LEFT = 0;
const MIDDLE = 1;
const WHEEL_SPEED = 0.008;
/** A notch of a mouse wheel is worth as much as a quick pinch on a trackpad, not ten times that. */
const LARGEST_WHEEL = 30;
/** Milliseconds: a finger that comes down this soon after the pen did something is the hand that holds it. */
const PALM_WITHIN = 3000;

export interface Gestures {
  /** What the next drag does. */
  next: DragMode;
  readonly drawing: boolean;
  readonly panning: boolean;
  /** Give the stroke up; the pointer does nothing more until it is lifted. */
  abort(): void;
  free(): void;
}

export function makeGestures(canvas: HTMLElement, events: GestureEvents): Gestures {
  let mode: Mode = "idle";
  const pointers = new Map<number, Point>();
  let active = -1;
  let activeType = "";
  /** When a pen was last near; from the first time on, fingers only move the picture, and by twos. */
  let penAt: number | null = null;
  const ended = new AbortController();
  const { signal } = ended;

  const on = <K extends keyof HTMLElementEventMap>(
    name: K,
    act: (event: HTMLElementEventMap[K]) => void,
    options: AddEventListenerOptions = {},
  ): void => listen(canvas, name, act, { ...options, signal });
  on("pointerdown", down);
  on("pointermove", moved);
  on("pointerup", (event) => up(event, true));
  // A stroke that the system cuts short is kept: it can be undone, but not drawn again.
  on("pointercancel", (event) => up(event, false));
  on("lostpointercapture", (event) => up(event, false));
  on("pointerleave", () => events.hover(null));
  // Who goes elsewhere in the middle of a stroke may lift the pointer there, and nobody would tell.
  listen(window, "blur", finish, { signal });
  on("wheel", wheel, { passive: false });
  // The right button draws; the middle one must neither scroll nor paste.
  on("contextmenu", swallow);
  on("auxclick", swallow);
  on("mousedown", (event) => {
    if (event.button === MIDDLE) event.preventDefault();
  });
  on("dragstart", swallow);

  function abort(): void {
    if (mode !== "stroke") return;
    mode = "spent";
    events.cancel();
  }

  function down(event: PointerEvent): void {
    const { pointerId, pointerType } = event;
    const at = place(event);
    pointers.set(pointerId, at);
    const isTouch = pointerType === "touch";
    if (pointerType === "pen") penNear(event);
    if (isTouch && activeType === "touch" && pointers.size === 2) {
      abort();
      mode = "pinch";
      return;
    }
    if (mode !== "idle") return;
    try {
      canvas.setPointerCapture(pointerId);
    } catch {
      // The pointer is gone already: its `pointerup` is on the way.
    }
    active = pointerId;
    activeType = pointerType;
    if (event.button === MIDDLE) mode = "pan";
    else if (isTouch && penAt !== null) {
      mode = "spent";
      if (event.timeStamp - penAt > PALM_WITHIN) events.refused();
    } else if (gestures.next !== "stroke") mode = gestures.next;
    else if (!event.isPrimary) mode = "spent";
    else {
      // A Mac's Ctrl click is its right button.
      const other = event.button !== LEFT || (isMac && event.ctrlKey);
      mode = events.begin(at, other) ? "stroke" : "spent";
    }
    if (mode !== "stroke" || isTouch) events.hover(null);
  }

  /** The pen goes before the hand: what fingers were about is over. */
  function penNear(event: PointerEvent): void {
    penAt = event.timeStamp;
    if (activeType !== "touch") return;
    abort();
    for (const id of pointers.keys()) if (id !== event.pointerId) pointers.delete(id);
    rest();
  }

  /** End the stroke, and keep what there is of it. */
  function finish(): void {
    if (mode !== "stroke") return;
    mode = "spent";
    events.end();
  }

  function rest(): void {
    mode = "idle";
    active = -1;
    activeType = "";
  }

  function moved(event: PointerEvent): void {
    const { pointerId, pointerType } = event;
    const at = place(event);
    const before = pointers.get(pointerId);
    if (pointerType === "pen") penAt = event.timeStamp;
    // Lifted where nobody could tell.
    if (before && pointerType === "mouse" && !event.buttons) return up(event, false);
    if (pointerType !== "touch" && mode !== "pan" && mode !== "window") events.hover(at);
    if (!before) return;
    if (mode === "pinch") pinch(pointerId, at);
    pointers.set(pointerId, at);
    if (pointerId !== active) return;
    const way = [at[0] - before[0], at[1] - before[1]] as const;
    if (mode === "pan") events.pan(...way);
    if (mode === "window") events.window(...way);
    if (mode === "stroke") {
      const coalesced = event.getCoalescedEvents?.() ?? [];
      events.move(coalesced.length ? coalesced.map(place) : [at]);
    }
  }

  function pinch(moving: number, to: Point): void {
    const from = pointers.get(moving)!;
    const still = [...pointers].find(([id]) => id !== moving)?.[1];
    if (!still) {
      events.pan(to[0] - from[0], to[1] - from[1]);
      return;
    }
    // The middle between two fingers moves half as far as the one that moves.
    events.pan((to[0] - from[0]) / 2, (to[1] - from[1]) / 2);
    const apart = (p: Point): number => max(distance(p, still), 1);
    events.zoom([(to[0] + still[0]) / 2, (to[1] + still[1]) / 2], apart(to) / apart(from));
  }

  /** `lifted`: the person did it, and its place counts. */
  function up(event: PointerEvent, lifted: boolean): void {
    if (!pointers.delete(event.pointerId)) return;
    if (event.pointerId === active && mode === "stroke") {
      if (lifted) events.move([place(event)]);
      finish();
    }
    if (pointers.size === 0) rest();
  }

  function wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
    swallow(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const delta = within(event.deltaY * lines, -LARGEST_WHEEL, LARGEST_WHEEL);
    events.zoom(place(event), Math.exp(-delta * WHEEL_SPEED));
  }

  function place(event: MouseEvent): Point {
    const rect = canvas.getBoundingClientRect();
    // A host may show the page scaled.
    const ratio = rect.width ? canvas.clientWidth / rect.width || 1 : 1;
    return [(event.clientX - rect.left) * ratio, (event.clientY - rect.top) * ratio];
  }

  const gestures: Gestures = {
    next: "stroke",
    get drawing() {
      return mode === "stroke";
    },
    get panning() {
      return mode === "pan" || mode === "pinch";
    },
    abort,
    free() {
      ended.abort();
      pointers.clear();
    },
  };
  return gestures;
}
