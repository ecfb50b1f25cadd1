/** Pointers and wheel to what is meant: a stroke, moving the picture, zooming. CSS pixels of the canvas. */
import { listen, swallow } from "./dom";
import { isMac } from "./keys";
import { hypot, max, within } from "./math";
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

export class Gestures {
  /** What the next drag does. */
  next: DragMode = "stroke";
  private mode: Mode = "idle";
  private pointers = new Map<number, Point>();
  private active = -1;
  private activeType = "";
  /** When a pen was last near; from the first time on, fingers only move the picture, and by twos. */
  private penAt: number | null = null;
  private ended = new AbortController();

  constructor(
    private canvas: HTMLElement,
    private events: GestureEvents,
  ) {
    const on = <K extends keyof HTMLElementEventMap>(
      name: K,
      act: (event: HTMLElementEventMap[K]) => void,
      options: AddEventListenerOptions = {},
    ): void => listen(canvas, name, act, { ...options, signal: this.ended.signal });
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.moved(event));
    on("pointerup", (event) => this.up(event));
    // A stroke that the system cuts short is kept: it can be undone, but not drawn again.
    on("pointercancel", (event) => this.up(event, false));
    on("lostpointercapture", (event) => this.up(event, false));
    on("pointerleave", () => events.hover(null));
    // Who goes elsewhere in the middle of a stroke may lift the pointer there, and nobody would tell.
    listen(window, "blur", () => this.finish(), { signal: this.ended.signal });
    on("wheel", (event) => this.wheel(event), { passive: false });
    // The right button draws; the middle one must neither scroll nor paste.
    on("contextmenu", swallow);
    on("auxclick", swallow);
    on("mousedown", (event) => {
      if (event.button === MIDDLE) event.preventDefault();
    });
    on("dragstart", swallow);
  }

  get drawing(): boolean {
    return this.mode === "stroke";
  }

  get panning(): boolean {
    return this.mode === "pan" || this.mode === "pinch";
  }

  /** Give the stroke up; the pointer does nothing more until it is lifted. */
  abort(): void {
    if (this.mode !== "stroke") return;
    this.mode = "spent";
    this.events.cancel();
  }

  free(): void {
    this.ended.abort();
    this.pointers.clear();
  }

  private down(event: PointerEvent): void {
    const at = this.place(event);
    this.pointers.set(event.pointerId, at);
    const isTouch = event.pointerType === "touch";
    if (event.pointerType === "pen") this.penNear(event);
    if (isTouch && this.activeType === "touch" && this.pointers.size === 2) {
      this.abort();
      this.mode = "pinch";
      return;
    }
    if (this.mode !== "idle") return;
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already: its `pointerup` is on the way.
    }
    this.active = event.pointerId;
    this.activeType = event.pointerType;
    if (event.button === MIDDLE) this.mode = "pan";
    else if (isTouch && this.penAt !== null) {
      this.mode = "spent";
      if (event.timeStamp - this.penAt > PALM_WITHIN) this.events.refused();
    } else if (this.next !== "stroke") this.mode = this.next;
    else if (!event.isPrimary) this.mode = "spent";
    else {
      // A Mac's Ctrl click is its right button.
      const other = event.button !== LEFT || (isMac && event.ctrlKey);
      this.mode = this.events.begin(at, other) ? "stroke" : "spent";
    }
    if (this.mode !== "stroke" || isTouch) this.events.hover(null);
  }

  /** The pen goes before the hand: what fingers were about is over. */
  private penNear(event: PointerEvent): void {
    this.penAt = event.timeStamp;
    if (this.activeType !== "touch") return;
    this.abort();
    for (const id of this.pointers.keys()) if (id !== event.pointerId) this.pointers.delete(id);
    this.rest();
  }

  /** End the stroke, and keep what there is of it. */
  private finish(): void {
    if (this.mode !== "stroke") return;
    this.mode = "spent";
    this.events.end();
  }

  private rest(): void {
    this.mode = "idle";
    this.active = -1;
    this.activeType = "";
  }

  private moved(event: PointerEvent): void {
    const at = this.place(event);
    const before = this.pointers.get(event.pointerId);
    if (event.pointerType === "pen") this.penAt = event.timeStamp;
    // Lifted where nobody could tell.
    if (before && event.pointerType === "mouse" && !event.buttons) return this.up(event, false);
    if (event.pointerType !== "touch" && this.mode !== "pan" && this.mode !== "window") this.events.hover(at);
    if (!before) return;
    if (this.mode === "pinch") this.pinch(event.pointerId, at);
    this.pointers.set(event.pointerId, at);
    if (event.pointerId !== this.active) return;
    const way = [at[0] - before[0], at[1] - before[1]] as const;
    if (this.mode === "pan") this.events.pan(...way);
    if (this.mode === "window") this.events.window(...way);
    if (this.mode === "stroke") {
      const coalesced = event.getCoalescedEvents?.() ?? [];
      this.events.move(coalesced.length ? coalesced.map((part) => this.place(part)) : [at]);
    }
  }

  private pinch(moving: number, to: Point): void {
    const from = this.pointers.get(moving)!;
    const still = [...this.pointers].find(([id]) => id !== moving)?.[1];
    if (!still) {
      this.events.pan(to[0] - from[0], to[1] - from[1]);
      return;
    }
    const middle = (p: Point): Point => [(p[0] + still[0]) / 2, (p[1] + still[1]) / 2];
    const apart = (p: Point): number => max(hypot(p[0] - still[0], p[1] - still[1]), 1);
    const [before, after] = [middle(from), middle(to)];
    this.events.pan(after[0] - before[0], after[1] - before[1]);
    this.events.zoom(after, apart(to) / apart(from));
  }

  /** `lifted`: the person did it, and its place counts. */
  private up(event: PointerEvent, lifted = true): void {
    if (!this.pointers.delete(event.pointerId)) return;
    if (event.pointerId === this.active && this.mode === "stroke") {
      if (lifted) this.events.move([this.place(event)]);
      this.finish();
    }
    if (this.pointers.size === 0) this.rest();
  }

  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
    swallow(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const delta = within(event.deltaY * lines, -LARGEST_WHEEL, LARGEST_WHEEL);
    this.events.zoom(this.place(event), Math.exp(-delta * WHEEL_SPEED));
  }

  private place(event: MouseEvent): Point {
    const rect = this.canvas.getBoundingClientRect();
    // A host may show the page scaled.
    const ratio = rect.width ? this.canvas.clientWidth / rect.width || 1 : 1;
    return [(event.clientX - rect.left) * ratio, (event.clientY - rect.top) * ratio];
  }
}
