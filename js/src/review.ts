/**
 * What a `ReviewGrid` is looked at and touched through. The thumbnails are drawn by Python on the ipycanvas beside this
 * widget; that canvas knows neither which keys are held with a click nor the wheel's own scrolling, so this one listens.
 */
import type { AnyModel, RenderProps } from "@anywidget/types";
import { setAttribute } from "./dom";
import { actionFor } from "./reviewkeys";
import "./review.css";

interface Traits extends Record<string, unknown> {
  /** Of the picture that stands for the grid in a saved notebook. */
  _key: string;
  /** Rows of tiles in all, and those that the sheet shows at a time. */
  _rows: { all: number; shown: number; height: number };
  /** The first row on the canvas. */
  _first: number;
}

type Incoming = { type: "drawn"; id: string; more: boolean } | { type: "scroll"; first: number } | { type: "opened"; key: string };

const SUPPRESS = "data-lm-suppress-shortcuts";
/** ipycanvas would send each of these to the kernel, take the focus, and keep the page from scrolling. */
const NOT_FOR_CANVAS = ["mousemove", "mousedown", "mouseup", "mouseout", "wheel", "touchstart", "touchend", "touchmove", "touchcancel"];
const PATIENCE_MS = 5000;
const COLORS = ["bg", "fg", "soft", "accent", "bad"] as const;

class Sheet {
  private readonly ended = new AbortController();
  private readonly name = Math.random().toString(36).slice(2);
  private readonly sizes = new ResizeObserver(() => this.ask());
  private readonly canvas: HTMLElement;
  private asked = 0;
  /** The first row that was asked for last. */
  private askedFirst = 0;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private stale = false;
  private seeking: MutationObserver | undefined;

  constructor(
    private readonly model: AnyModel<Traits>,
    private readonly spacer: HTMLElement,
    private readonly sheet: HTMLElement,
  ) {
    const { signal } = this.ended;
    this.canvas = sheet.querySelector("canvas")!;
    this.canvas.removeAttribute("tabindex"); // the keys come to the sheet
    sheet.tabIndex = 0;
    sheet.toggleAttribute(SUPPRESS, true);
    setAttribute(sheet, "aria-label", "Thumbnails: arrow keys move, Space selects, Enter opens");
    for (const event of NOT_FOR_CANVAS) {
      sheet.addEventListener(event, (e) => e.stopPropagation(), { capture: true, passive: true, signal });
    }
    this.canvas.addEventListener("click", (event) => this.point("press", event), { signal });
    this.canvas.addEventListener("dblclick", (event) => this.point("open", event), { signal });
    sheet.addEventListener("keydown", (event) => this.press(event), { signal });
    // Before JupyterLab looks: what is not ours and has Ctrl, as saving, stays the notebook's.
    window.addEventListener("keydown", (event) => this.makeWay(event), { capture: true, signal });
    sheet.addEventListener("scroll", () => this.first !== this.model.get("_first") && this.ask(), { signal });
    // The colours are the theme's, which may change at any time: then they run through this transition.
    spacer.addEventListener("transitionend", () => this.ask(), { signal });
    model.on("change:_rows", this.fit);
    model.on("msg:custom", this.hear);
    this.fit();
    sheet.scrollTop = this.model.get("_first") * this.model.get("_rows").height;
    this.sizes.observe(sheet);
  }

  end(): void {
    this.ended.abort();
    this.sizes.disconnect();
    this.seeking?.disconnect();
    clearTimeout(this.waiting);
    this.model.off("change:_rows", this.fit);
    this.model.off("msg:custom", this.hear);
  }

  private get first(): number {
    return Math.round(this.sheet.scrollTop / this.model.get("_rows").height);
  }

  /** Make room to scroll in: below the canvas, which stays where it is. */
  private fit = (): void => {
    const { all, shown, height } = this.model.get("_rows");
    this.sheet.style.height = `${shown * height}px`;
    this.spacer.style.height = `${Math.max(all - shown, 0) * height}px`;
  };

  /** Have the kernel draw what is to be seen now: one request at a time, so that none queues behind another. */
  private ask(): void {
    this.stale = true;
    if (this.waiting !== undefined || !this.sheet.clientWidth) return;
    this.stale = false;
    this.askedFirst = this.first;
    this.model.send({
      type: "view",
      id: `${this.name}-${this.asked}`,
      anew: this.asked === 0,
      width: this.sheet.clientWidth,
      ratio: window.devicePixelRatio,
      first: this.askedFirst,
      colors: Object.fromEntries(COLORS.map((name) => [name, hex(...["bg", name].map((part) => this.color(part)))])),
    });
    this.asked++;
    this.waiting = setTimeout(() => this.tellState("waiting"), PATIENCE_MS);
  }

  /** What a colour of ours is in the theme of now. */
  private color(name: string): string {
    this.spacer.style.outlineColor = `var(--sp-${name})`;
    return getComputedStyle(this.spacer).outlineColor;
  }

  private hear = (message: Incoming): void => {
    if (message.type === "scroll") {
      this.sheet.scrollTop = message.first * this.model.get("_rows").height;
    } else if (message.type === "opened") {
      this.bringIntoView(message.key);
    } else if (message.id === `${this.name}-${this.asked - 1}`) {
      clearTimeout(this.waiting);
      this.waiting = undefined;
      this.tellState(message.more ? "drawing" : "ready");
      // Python may have scrolled on while it did not know of this: what it drew since is then not what is seen.
      if (message.more || this.stale || this.first !== this.askedFirst) this.ask();
    }
  };

  /** Scroll to the segmenter that was opened, and give it the keys: once its view is on the page. */
  private bringIntoView(key: string): void {
    this.seeking?.disconnect();
    const grid = this.sheet.closest(".sp-review")!;
    const look = (): void => {
      const view = [...grid.querySelectorAll(".sp-host")].find((host) => host.querySelector("style")?.textContent?.includes(key));
      if (!view) return;
      this.seeking?.disconnect();
      grid.querySelector(".sp-review-title")?.scrollIntoView({ block: "start" });
      view.querySelector<HTMLElement>("[role=application]")?.focus({ preventScroll: true });
    };
    this.seeking = new MutationObserver(look);
    this.seeking.observe(grid, { childList: true, subtree: true });
    look();
  }

  private tellState(state: "waiting" | "drawing" | "ready"): void {
    setAttribute(this.sheet, "data-state", state);
  }

  private point(type: "press" | "open", event: MouseEvent): void {
    const box = this.canvas.getBoundingClientRect();
    this.model.send({
      type,
      x: (event.clientX - box.left) / box.width,
      y: (event.clientY - box.top) / box.height,
      toggle: event.ctrlKey || event.metaKey,
      range: event.shiftKey,
    });
  }

  private press(event: KeyboardEvent): void {
    const action = actionFor(event);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    this.model.send({ type: "key", ...action });
  }

  private makeWay(event: KeyboardEvent): void {
    if (!(event.target instanceof Node && this.sheet.contains(event.target))) return;
    const forNotebook = (event.ctrlKey || event.metaKey) && !actionFor(event);
    this.sheet.toggleAttribute(SUPPRESS, !forNotebook);
    if (forNotebook) setTimeout(() => this.sheet.toggleAttribute(SUPPRESS, true));
  }
}

/** CSS colours, whatever they are written like and one over the other, as #rrggbb. */
function hex(...colors: string[]): string {
  const context = document.createElement("canvas").getContext("2d")!;
  for (const color of colors) {
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
  }
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return `#${[red!, green!, blue!].map((level) => level.toString(16).padStart(2, "0")).join("")}`;
}

export default {
  render({ model, el }: RenderProps<Traits>): () => void {
    let sheet: Sheet | undefined;
    el.classList.add("sp-review-spacer");
    const style = document.createElement("style");
    style.textContent = `.sp-static-${model.get("_key")}{display:none !important}`;
    el.append(style);
    // The canvas is ready and around us only when the host has put us on the page.
    const placed = new ResizeObserver(() => {
      const around = el.closest<HTMLElement>(".sp-review-sheet");
      if (!around?.querySelector("canvas")) return;
      placed.disconnect();
      sheet = new Sheet(model, el, around);
    });
    placed.observe(el);
    return () => {
      placed.disconnect();
      sheet?.end();
    };
  },
};
