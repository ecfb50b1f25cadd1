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

export type CursorShape = "brush" | "cross" | "arrow" | "hand" | "move" | "grab" | "grabbing" | "window";

export interface StageEvents {
  /** The canvas has another size. */
  resized(before: Size, after: Size): void;
  /** Draw now. `base`: the picture and masks too, not only the prompts above them. */
  draw(base: boolean): void;
}

export interface Stage {
  readonly node: HTMLElement;
  /** Picture and masks. */
  readonly base: Layer;
  /** Prompts; takes the pointer. */
  readonly top: Layer;
  /** In CSS pixels. */
  readonly size: Size;
  /** Canvas pixels in a CSS pixel. */
  readonly ratio: number;
  /** Call once the node is on the page. */
  start(): void;
  /** Draw everything, or only the prompts, with the next frame. */
  invalidate(base?: boolean): void;
  /** The image or the cell changed: find the height anew. */
  measure(): void;
  /** `size`: the brush's diameter; `at`: where the pointer is, or null when it is elsewhere (all in CSS pixels). */
  showCursor(shape: CursorShape, at: Point | null, size: number, positive: boolean): void;
  free(): void;
}

export function makeStage(image: () => Size, events: StageEvents): Stage {
  const [base, top] = [layer("sp-base", { "aria-hidden": "true" }), layer("sp-canvas", { role: "img" })];
  const canvases = [base.canvas, top.canvas];
  /** The brush, at its true size. A node of its own: it follows the pointer without anything being drawn. */
  const cursor = h(".sp-cursor", { "aria-hidden": "true" });
  const node = h(".sp-stage", ...canvases, cursor);
  let size: Size = { width: 0, height: 0 };
  let ratio = 1;
  let frame = 0;
  let staleBase = true;
  const hasObserver = typeof ResizeObserver !== "undefined";
  const observers: (ResizeObserver | IntersectionObserver)[] = [];
  const ended = new AbortController();

  function invalidate(base = true): void {
    staleBase ||= base;
    frame ||= requestAnimationFrame(draw);
  }

  function measure(): void {
    const width = node.clientWidth || (hasObserver ? 0 : NOMINAL_WIDTH);
    if (!width) return; // not on the screen
    // In a frame as high as its content, the frame's own height says nothing.
    const room = window.top === window ? window.innerHeight : screen.availHeight || window.innerHeight;
    const height = stageHeight(image(), width, room);
    node.style.height = `${height}px`;
    resize({ width: node.clientWidth || width, height });
  }

  function resize(after: Size): void {
    if (after.width === size.width && after.height === size.height) return;
    const before = size;
    size = after;
    if (!hasObserver) setBacking(size.width, size.height);
    events.resized(before, size);
    invalidate();
  }

  function setPixels([entry]: ResizeObserverEntry[]): void {
    const exact = entry!.devicePixelContentBoxSize?.[0];
    const { width, height } = entry!.contentRect;
    if (!width || !height) return;
    resize({ width, height });
    const sharp = window.devicePixelRatio || 1;
    setBacking(exact?.inlineSize ?? round(width * sharp), exact?.blockSize ?? round(height * sharp));
  }

  function setBacking(width: number, height: number): void {
    ratio = width / size.width;
    for (const canvas of canvases) {
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    // At once: a canvas that changed its size is blank, and the frame is about to be shown.
    staleBase = true;
    draw();
  }

  function draw(): void {
    cancelAnimationFrame(frame);
    frame = 0;
    const isWhole = staleBase;
    staleBase = false;
    events.draw(isWhole);
  }

  return {
    node,
    base,
    top,
    get size() {
      return size;
    },
    get ratio() {
      return ratio;
    },
    start() {
      measure();
      if (hasObserver) {
        const width = new ResizeObserver(measure);
        width.observe(node);
        const pixels = new ResizeObserver(setPixels);
        try {
          pixels.observe(top.canvas, { box: "device-pixel-content-box" });
        } catch {
          pixels.observe(top.canvas);
        }
        observers.push(width, pixels);
      }
      // Notebooks drop what is scrolled out of sight, and browsers drop canvases of hidden tabs.
      const again = (): void => invalidate();
      if (typeof IntersectionObserver !== "undefined") {
        const seen = new IntersectionObserver(([entry]) => entry!.isIntersecting && again());
        seen.observe(node);
        observers.push(seen);
      }
      const { signal } = ended;
      listen(document, "visibilitychange", again, { signal });
      listen(window, "resize", measure, { signal });
      for (const canvas of canvases) listen(canvas, "contextrestored", again, { signal });
    },
    invalidate,
    measure,
    showCursor(shape, at, size, positive) {
      node.dataset.cursor = shape;
      cursor.hidden = shape !== "brush" || !at;
      if (!at) return;
      cursor.classList.toggle("sp-negative", !positive);
      const { style } = cursor;
      style.width = style.height = `${size}px`;
      style.transform = `translate(${at[0] - size / 2}px, ${at[1] - size / 2}px)`;
    },
    free() {
      cancelAnimationFrame(frame);
      for (const observer of observers) observer.disconnect();
      ended.abort();
      for (const canvas of canvases) canvas.width = canvas.height = 0;
    },
  };
}

function layer(name: string, attributes: Record<string, string>): Layer {
  const canvas = h(`canvas.${name}` as "canvas", attributes);
  return { canvas, context: canvas.getContext("2d") };
}
