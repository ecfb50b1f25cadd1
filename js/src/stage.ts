/** The two canvases, as large as the cell and the screen's pixels ask, drawn at most once a frame. */
import { h, listen } from "./dom";
import { round } from "./math";
import type { Point } from "./protocol";
import { stageHeight, type Size } from "./view";

/** Without a layout (tests without a browser) some width has to do. */
const NOMINAL_WIDTH = 640;

export interface Layer {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D | null;
}

export type CursorShape = "brush" | "cross" | "arrow" | "move" | "grab" | "grabbing" | "window";

export interface StageEvents {
  /** The canvas has another size. */
  resized(before: Size, after: Size): void;
  /** Draw now. `base`: the picture and masks too, not only the prompts above them. */
  draw(base: boolean): void;
}

export class Stage {
  readonly node: HTMLElement;
  /** Picture and masks. */
  readonly base: Layer;
  /** Prompts; takes the pointer. */
  readonly top: Layer;
  /** The brush, at its true size. A node of its own: it follows the pointer without anything being drawn. */
  readonly cursor = h(".sp-cursor", { "aria-hidden": "true" });
  /** In CSS pixels. */
  size: Size = { width: 0, height: 0 };
  /** Canvas pixels in a CSS pixel. */
  ratio = 1;
  private frame = 0;
  private staleBase = true;
  private observers: (ResizeObserver | IntersectionObserver)[] = [];
  private ended = new AbortController();

  constructor(
    private image: () => Size,
    private events: StageEvents,
  ) {
    this.base = layer("sp-base", { "aria-hidden": "true" });
    this.top = layer("sp-canvas", { role: "img" });
    this.node = h(".sp-stage", this.base.canvas, this.top.canvas, this.cursor);
  }

  /** Call once the node is on the page. */
  start(): void {
    this.measure();
    if (typeof ResizeObserver !== "undefined") {
      const width = new ResizeObserver(() => this.measure());
      width.observe(this.node);
      const pixels = new ResizeObserver(([entry]) => this.setPixels(entry!));
      try {
        pixels.observe(this.top.canvas, { box: "device-pixel-content-box" });
      } catch {
        pixels.observe(this.top.canvas);
      }
      this.observers.push(width, pixels);
    }
    // Notebooks drop what is scrolled out of sight, and browsers drop canvases of hidden tabs.
    const again = (): void => this.invalidate();
    if (typeof IntersectionObserver !== "undefined") {
      const seen = new IntersectionObserver(([entry]) => entry!.isIntersecting && again());
      seen.observe(this.node);
      this.observers.push(seen);
    }
    const { signal } = this.ended;
    listen(document, "visibilitychange", again, { signal });
    listen(window, "resize", () => this.measure(), { signal });
    for (const { canvas } of [this.base, this.top]) listen(canvas, "contextrestored", again, { signal });
  }

  /** Draw everything, or only the prompts, with the next frame. */
  invalidate(base = true): void {
    this.staleBase ||= base;
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  /** The image or the cell changed: find the height anew. */
  measure(): void {
    const width = this.node.clientWidth || (typeof ResizeObserver === "undefined" ? NOMINAL_WIDTH : 0);
    if (!width) return; // not on the screen
    // In a frame as high as its content, the frame's own height says nothing.
    const room = window.top === window ? window.innerHeight : screen.availHeight || window.innerHeight;
    const height = stageHeight(this.image(), width, room);
    this.node.style.height = `${height}px`;
    this.resize({ width: this.node.clientWidth || width, height });
  }

  /** `size`: the brush's diameter; `at`: where the pointer is, or null when it is elsewhere (all in CSS pixels). */
  showCursor(shape: CursorShape, at: Point | null, size: number, positive: boolean): void {
    this.node.dataset.cursor = shape;
    const { style, classList } = this.cursor;
    this.cursor.hidden = shape !== "brush" || !at;
    if (!at) return;
    classList.toggle("sp-negative", !positive);
    style.width = style.height = `${size}px`;
    style.transform = `translate(${at[0] - size / 2}px, ${at[1] - size / 2}px)`;
  }

  free(): void {
    cancelAnimationFrame(this.frame);
    for (const observer of this.observers) observer.disconnect();
    this.ended.abort();
    for (const { canvas } of [this.base, this.top]) canvas.width = canvas.height = 0;
  }

  private resize(size: Size): void {
    if (size.width === this.size.width && size.height === this.size.height) return;
    const before = this.size;
    this.size = size;
    if (typeof ResizeObserver === "undefined") this.setBacking(size.width, size.height);
    this.events.resized(before, size);
    this.invalidate();
  }

  private setPixels(entry: ResizeObserverEntry): void {
    const exact = entry.devicePixelContentBoxSize?.[0];
    const { width, height } = entry.contentRect;
    if (!width || !height) return;
    this.resize({ width, height });
    const ratio = window.devicePixelRatio || 1;
    this.setBacking(
      exact?.inlineSize ?? round(width * ratio),
      exact?.blockSize ?? round(height * ratio),
    );
  }

  private setBacking(width: number, height: number): void {
    this.ratio = width / this.size.width;
    for (const { canvas } of [this.base, this.top]) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    // At once: a canvas that changed its size is blank, and the frame is about to be shown.
    this.staleBase = true;
    this.draw();
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const base = this.staleBase;
    this.staleBase = false;
    this.events.draw(base);
  }
}

function layer(name: string, attributes: Record<string, string>): Layer {
  const canvas = h(`canvas.${name}` as "canvas", attributes);
  return { canvas, context: canvas.getContext("2d") };
}
