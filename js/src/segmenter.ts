/** The widget put together: what the person does goes to the kernel, what the kernel says goes to the screen. */
import { browserClock, type Clock } from "./clock";
import { Chrome } from "./chrome";
import { setAttribute } from "./dom";
import { Gestures } from "./gestures";
import { Kernel } from "./kernel";
import { listenToKeys } from "./keyboard";
import type { CommandName, KeyCommand } from "./keys";
import type { Host, LabelTrait, Point, Prompt } from "./protocol";
import { asPython } from "./python";
import { pictureOf, type Picture } from "./raster";
import { Scene, type Shown } from "./scene";
import { brushStep, initialSettings, nextMode, usualBrush, type Settings } from "./settings";
import { Stage } from "./stage";
import { Stroke, TOLERANCE, type Tool } from "./stroke";
import { clamp, fit, pan, resized, toImage, zoomAt, type Size, type View } from "./view";

/** In CSS pixels: a box smaller than this was a click. */
const LEAST_DRAG = 3;
/** In CSS pixels: positions closer than this say nothing new. */
const LEAST_STEP = 0.3;
const ZOOM_STEP = 1.4;
/** In CSS pixels: a smaller brush cannot be seen as a circle. */
const LEAST_CIRCLE = 6;
const TOOLS: readonly string[] = ["scribble", "click", "box"];

/** Show the widget in `el`; the function that comes back ends it and frees what it held. */
export function mountSegmenter(el: HTMLElement, host: Host, clock: Clock = browserClock): () => void {
  const segmenter = new Segmenter(el, host, clock);
  return () => segmenter.free();
}

class Segmenter {
  private image: Size = { width: 1, height: 1 };
  private view: View = { x: 0, y: 0, scale: 1 };
  private settings: Settings;
  private stroke: Stroke | null = null;
  private strokeFrom: Point = [0, 0];
  private pointer: Point | null = null;
  private latency: number | null = null;
  /** When the pointer was lifted for the mask that the next frame shows. */
  private releasedAt: number | null = null;
  private scene: Scene;
  private kernel: Kernel;
  private stage: Stage;
  private chrome: Chrome;
  private gestures: Gestures;
  private calls: (() => void)[];
  private refreshing = false;
  private ended = false;

  constructor(
    el: HTMLElement,
    private host: Host,
    private clock: Clock,
  ) {
    this.kernel = new Kernel(
      host,
      clock,
      {
        touched: (label, rect) => {
          this.scene.touch(label, rect);
          this.stage.invalidate();
        },
        updated: (request) => {
          this.releasedAt = request?.releasedAt ?? this.releasedAt;
          this.stage.invalidate();
          this.chrome.announce(this.labels[this.active]!, this.kernel.masks.area(this.active), this.spacing);
          this.refresh();
        },
        changed: () => {
          this.stage.invalidate(false);
          this.refresh();
        },
      },
      () => this.strokeSoFar(),
    );
    this.stage = new Stage(() => this.image, {
      resized: (before, after) => {
        this.view = before.width ? resized(this.view, this.image, before, after) : fit(this.image, after);
      },
      draw: (base) => this.draw(base),
    });
    this.chrome = new Chrome(this.stage.node, clock, {
      run: (command) => this.run(command),
      set: (change) => this.set(change),
      label: (index) => this.chooseLabel(index),
      copy: () => void this.chrome.showCode(this.python()),
      retry: () => this.kernel.retry(),
      dismiss: () => this.kernel.dismiss(),
    });
    this.scene = new Scene(null, this.kernel.masks);
    this.settings = initialSettings(this.image);
    this.gestures = new Gestures(this.stage.top.canvas, {
      begin: (at, other) => this.begin(at, other),
      move: (points) => this.extend(points),
      end: () => this.commit(),
      cancel: () => this.discard(),
      pan: (dx, dy) => this.look(pan(this.view, dx, dy)),
      zoom: (at, factor) => this.zoom(at, factor),
      hover: (at) => this.hover(at),
    });
    this.calls = [
      listenToKeys(this.chrome.root, {
        run: ({ command }, key) => this.runKey(command, key),
        space: (held) => {
          this.gestures.panNext = held;
          this.showCursor();
        },
      }),
      host.onChange("_image", () => this.open(false)),
      ...(["_prompts", "_can", "_labels", "label", "_model"] as const).map((name) =>
        host.onChange(name, () => {
          this.stage.invalidate();
          this.refresh();
        }),
      ),
    ];
    // While this view lives, the picture that stands for it in a saved notebook need not be seen.
    const style = document.createElement("style");
    style.textContent = `.sp-static-${host.get("_key")}{display:none !important}`;
    el.classList.add("sp-host");
    el.append(style, this.chrome.root);
    this.open(true);
    this.stage.start();
  }

  free(): void {
    this.ended = true;
    for (const end of this.calls) end();
    this.gestures.free();
    this.kernel.free();
    this.scene.free();
    this.stage.free();
    this.chrome.free();
  }

  // --- the image, and how it is looked at ------------------------------------------------------------------------

  private open(first: boolean): void {
    this.gestures.abort();
    const trait = this.host.get("_image");
    let picture: Picture | null = null;
    let trouble = "";
    try {
      picture = pictureOf(trait!);
    } catch (error) {
      trouble = `The picture did not arrive. Run the cell again. (${error instanceof Error ? error.message : error})`;
    }
    this.chrome.showMissing(trouble);
    const [height = 1, width = 1] = trait?.shape ?? [];
    const isOther = first || width !== this.image.width || height !== this.image.height;
    this.image = { width, height };
    if (isOther) this.settings.brush = usualBrush(this.image);
    this.latency = this.releasedAt = null;
    this.scene.free();
    this.kernel.open(this.image, first);
    this.scene = new Scene(picture, this.kernel.masks);
    this.stage.top.canvas.setAttribute("aria-label", `Picture, ${width} × ${height} pixels`);
    this.stage.measure();
    this.look(fit(this.image, this.stage.size));
    this.refresh();
  }

  private look(view: View): void {
    this.view = clamp(view, this.image, this.stage.size);
    this.stage.invalidate();
    this.showCursor();
    this.refresh();
  }

  private zoom(at: Point, factor: number): void {
    this.look(zoomAt(this.view, at, factor, this.image, this.stage.size));
  }

  private draw(base: boolean): void {
    const { stage, scene, view, kernel } = this;
    const shown = this.shownPrompts();
    if (stage.size.width) {
      if (base && !scene.drawBase(stage.base, view, stage.ratio, this.labels, this.settings)) stage.invalidate();
      scene.drawPrompts(stage.top, view, stage.ratio, shown);
    }
    const { root } = this.chrome;
    setAttribute(root, "data-prompts", this.committed.length);
    setAttribute(stage.top.canvas, "data-image-rect", [view.x, view.y, view.scale].join(","));
    if (!base || kernel.masks.version === null) return;
    if (this.releasedAt !== null) {
      this.latency = this.clock.now() - this.releasedAt;
      this.releasedAt = null;
      setAttribute(root, "data-latency-ms", this.latency.toFixed(1));
      this.refresh();
    }
    setAttribute(root, "data-mask-version", kernel.masks.version);
  }

  private shownPrompts(): Shown[] {
    const { settings, kernel } = this;
    const shown: Shown[] = settings.promptsShown ? this.committed.map((prompt) => ({ prompt, state: "kept" })) : [];
    for (const { command } of kernel.failed) shown.push({ prompt: command.prompt, state: "failed" });
    for (const { command } of kernel.requests.prompts) shown.push({ prompt: command.prompt, state: "pending" });
    const drawn = this.stroke && this.dragged ? this.stroke.prompt(this.image, 0) : null;
    if (drawn) shown.push({ prompt: drawn, state: "pending" });
    return shown;
  }

  // --- strokes ---------------------------------------------------------------------------------------------------

  private begin(at: Point, other: boolean): boolean {
    this.chrome.root.focus({ preventScroll: true });
    this.chrome.closePanels();
    this.chrome.quiet();
    const { tool, positive, brush } = this.settings;
    const sign = tool === "box" || positive !== other;
    this.stroke = new Stroke(tool, this.active, sign, brush, toImage(this.view, at));
    this.strokeFrom = at;
    if (tool !== "click") this.kernel.previews.begin();
    this.kernel.active();
    this.pointer = at;
    this.stage.invalidate(false);
    this.showCursor();
    return true;
  }

  private extend(points: Point[]): void {
    for (const at of points) this.stroke?.extend(toImage(this.view, at), LEAST_STEP / this.view.scale);
    this.pointer = points[points.length - 1]!;
    if (this.stroke?.tool !== "click" && this.dragged) this.kernel.previews.grown();
    this.stage.invalidate(false);
  }

  private commit(): void {
    const stroke = this.stroke!;
    const { dragged } = this;
    const prompt = stroke.prompt(this.image, Math.min(TOLERANCE, 1 / this.view.scale));
    this.endStroke();
    if (!dragged) this.chrome.say("Drag a box around the object.");
    else if (!prompt) this.chrome.say("That was beside the picture.");
    else this.kernel.prompt(stroke.label, prompt, this.clock.now());
    // The preview stays until the answer comes, so that the mask does not flicker.
    if (!dragged || !prompt) this.kernel.masks.hidePreview();
  }

  private discard(): void {
    this.endStroke();
    this.kernel.masks.hidePreview();
  }

  private endStroke(): void {
    this.stroke = null;
    this.kernel.previews.end();
    this.kernel.active();
    this.stage.invalidate(false);
    this.showCursor();
  }

  /** Whether the stroke in progress is one: only a box needs some way. */
  private get dragged(): boolean {
    if (this.stroke?.tool !== "box" || !this.pointer) return true;
    return Math.hypot(this.pointer[0] - this.strokeFrom[0], this.pointer[1] - this.strokeFrom[1]) >= LEAST_DRAG;
  }

  private strokeSoFar(): { label: number; prompt: NonNullable<ReturnType<Stroke["prompt"]>> } | null {
    const prompt = this.stroke?.prompt(this.image);
    return prompt ? { label: this.stroke!.label, prompt } : null;
  }

  private hover(at: Point | null): void {
    this.pointer = at ?? (this.stroke ? this.pointer : null);
    this.showCursor();
  }

  private showCursor(): void {
    const { settings, gestures, stroke } = this;
    const size = settings.brush * this.view.scale;
    const isBrush = settings.tool === "scribble" && size >= LEAST_CIRCLE;
    const shape = gestures.panning ? "grabbing" : gestures.panNext ? "grab" : isBrush ? "brush" : "cross";
    this.stage.showCursor(shape, this.pointer, size, stroke?.positive ?? settings.positive);
  }

  // --- what the person asks for ----------------------------------------------------------------------------------

  private runKey(command: CommandName, key: string): boolean {
    if (command === "escape") return this.escape();
    // A stroke is not interrupted by a key that was hit by mistake.
    if (this.gestures.drawing) return true;
    return command === "label" ? this.chooseLabel(Number(key) - 1) : this.run(command);
  }

  private run(command: KeyCommand["command"]): boolean {
    const { settings } = this;
    const middle: Point = this.pointer ?? [this.stage.size.width / 2, this.stage.size.height / 2];
    if (TOOLS.includes(command)) this.set({ tool: command as Tool });
    else if (command === "sign") this.set({ positive: !settings.positive });
    else if (command === "hide") this.set({ maskShown: !settings.maskShown });
    else if (command === "mode") this.set({ mode: nextMode(settings.mode), maskShown: true });
    else if (command === "thinner" || command === "wider") {
      this.set({ brush: brushStep(settings.brush, command === "wider", this.image) });
    } else if (command === "fit") this.look(fit(this.image, this.stage.size));
    else if (command === "zoomIn") this.zoom(middle, ZOOM_STEP);
    else if (command === "zoomOut") this.zoom(middle, 1 / ZOOM_STEP);
    else if (command === "undo" || command === "redo" || command === "clear") {
      if (this.can[command]) this.kernel.command(command, this.active, this.clock.now());
    } else if (command === "help") this.chrome.toggleHelp();
    else return false;
    return true;
  }

  private escape(): boolean {
    if (this.gestures.drawing) this.gestures.abort();
    else if (!this.chrome.closePanels(true)) this.chrome.leave();
    return true;
  }

  private set(change: Partial<Settings>): void {
    Object.assign(this.settings, change);
    this.stage.invalidate();
    this.showCursor();
    this.refresh();
  }

  private chooseLabel(index: number): boolean {
    const label = this.labels[index];
    if (!label || this.labels.length < 2) return false;
    this.host.setLabel(label.name);
    this.stage.invalidate();
    this.refresh();
    return true;
  }

  /** What was drawn, with what the kernel has not answered or has refused. */
  private python(): string {
    const prompts = this.labels.map((_, label) => this.promptsOf(label).slice());
    for (const { command } of [...this.kernel.failed, ...this.kernel.requests.prompts]) {
      prompts[command.label]?.push(command.prompt);
    }
    return asPython(this.labels, prompts);
  }

  // --- state -----------------------------------------------------------------------------------------------------

  private get labels(): LabelTrait[] {
    return this.host.get("_labels") ?? [{ name: "object", color: "#56b4e9" }];
  }

  private get active(): number {
    const name = this.host.get("label");
    return Math.max(
      this.labels.findIndex((label) => label.name === name),
      0,
    );
  }

  private get committed(): Prompt[] {
    return this.promptsOf(this.active);
  }

  private promptsOf(label: number): Prompt[] {
    return this.host.get("_prompts")?.[label] ?? [];
  }

  private get spacing(): [number, number] | null | undefined {
    return this.host.get("_image")?.spacing;
  }

  private get can(): Record<"undo" | "redo" | "clear", boolean> {
    const can = this.host.get("_can");
    // What waits for its answer can be undone as well: the kernel takes things in order.
    const waits = this.kernel.requests.size > 0;
    return { undo: waits || !!can?.undo, redo: !!can?.redo, clear: waits || this.committed.length > 0 };
  }

  /** Bring everything but the canvases up to date, once for all that happens in this turn. */
  private refresh(): void {
    if (this.refreshing) return;
    this.refreshing = true;
    queueMicrotask(() => {
      this.refreshing = false;
      if (this.ended) return;
      const { kernel, labels, active } = this;
      this.chrome.update({
        settings: this.settings,
        can: this.can,
        labels,
        active,
        image: this.image,
        zoom: this.view.scale,
        area: kernel.masks.area(active),
        spacing: this.spacing,
        prompts: this.committed.length,
        latency: this.latency,
        state: kernel.state,
        slow: kernel.requests.slow,
        error: kernel.error,
        failed: kernel.failed.length,
        model: this.host.get("_model") ?? "",
      });
    });
  }
}
