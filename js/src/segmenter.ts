/** The widget put together: what the person does goes to the kernel, what the kernel says goes to the screen. */
import { browserClock, type Clock } from "./clock";
import { Chrome } from "./chrome";
import { Crosshair, wayOf, type StrokeEvents } from "./crosshair";
import { giveFocus, listen, setAttribute } from "./dom";
import { EraserHand } from "./eraser";
import { resultText } from "./format";
import { Furniture } from "./furniture";
import { Gestures } from "./gestures";
import { HEAT_MODES } from "./heatmap";
import { Kernel } from "./kernel";
import { listenToKeys } from "./keyboard";
import type { CommandName, KeyCommand } from "./keys";
import { makeLabelling, type Labelling } from "./labelling";
import { Pen, type Hand } from "./pen";
import { LassoHand } from "./polygon";
import type { Command, Entry, Host, Point } from "./protocol";
import { asPython } from "./python";
import { pictureOf, type Picture } from "./raster";
import { isPrompt } from "./requests";
import { readoutAt } from "./readout";
import { Scene, type Shown } from "./scene";
import { SelectHand, type PromptEvents } from "./select";
import { brushStep, initialSettings, isPositive, nextMode, toolInHand, usualBrush, withTool, type Settings } from "./settings";
import { shownPrompts } from "./shown";
import { Stage, type CursorShape } from "./stage";
import type { Tool } from "./stroke";
import { MORE_TOOLS, type MoreTool } from "./toolspanel";
import { Truth } from "./truth";
import { centredOn, clamp, fit, follow, pan, resized, scaleAt, toImage, toScreen, zoomAt, type Size, type View } from "./view";
import { dragged, presetIndex, presetsOf, windowText, type Shading } from "./windowlevel";

const ZOOM_STEP = 1.4;
/** In CSS pixels: a smaller brush cannot be seen as a circle. */
const LEAST_CIRCLE = 6;
/** In CSS pixels: the crosshair comes no nearer to the canvas's edge where the picture goes on. */
const CROSSHAIR_MARGIN = 24;
/** Milliseconds: a crosshair that rests this long is read out. */
const READ_AFTER = 500;
/** What an arrow key does to window and level, as a drag by CSS pixels. */
const WINDOW_STEP = 8;
const PEN_DRAWS = "The pen draws. Two fingers move the picture.";
const WINDOW_MODE = "Drag or arrows: across window, up and down level. W ends.";
const NO_NEGATIVE_BOX = "A box holds the object. Scribble or click what is not it.";
const TOOLS: readonly string[] = ["scribble", "click", "box", "lasso", "circle", "select", "eraser"];

/** Show the widget in `el`; the function that comes back ends it and frees what it held. */
export function mountSegmenter(el: HTMLElement, host: Host, clock: Clock = browserClock): () => void {
  const segmenter = new Segmenter(el, host, clock);
  return () => segmenter.free();
}

class Segmenter {
  private image: Size = { width: 1, height: 1 };
  private view: View = { x: 0, y: 0, scale: 1 };
  private settings: Settings;
  private pointer: Point | null = null;
  private latency: number | null = null;
  /** When the pointer was lifted for the mask that the next frame shows. */
  private releasedAt: number | null = null;
  private scene: Scene;
  private kernel: Kernel;
  private pen: Pen;
  private lasso: LassoHand;
  private select: SelectHand;
  private eraser: EraserHand;
  /** Whose the stroke in progress is. */
  private hand: Hand;
  private labelling: Labelling;
  private truth: Truth;
  private stage: Stage;
  private chrome: Chrome;
  private gestures: Gestures;
  private crosshair: Crosshair;
  private furniture: Furniture;
  /** Keys that last and are held now. */
  private held = new Set<CommandName>();
  /** Drags set window and level; `windowed`: one did since the key went down. */
  private windowing = false;
  private windowed = false;
  /** Area that was last read out. */
  private toldArea = 0;
  /** Where the pointer was last. */
  private hovered = "";
  private unread: () => void = () => {};
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
          this.refresh(); // the area
        },
        updated: (request) => {
          this.releasedAt = request?.releasedAt ?? this.releasedAt;
          this.stage.invalidate();
          this.announceResult(this.toldArea);
          if (this.chrome.historyShown) this.kernel.askSteps();
          this.refresh();
        },
        changed: () => {
          this.stage.invalidate(false);
          this.refresh();
        },
        steps: (steps) => this.chrome.showHistory(steps),
        cancelled: () => this.chrome.say("Cancelled. The mask is as it was."),
        heated: () => {
          this.stage.invalidate();
          this.refresh(); // the mask may be another meanwhile
        },
      },
      () => this.pen.soFar,
    );
    this.truth = new Truth(host, this.kernel.prompts);
    const events: PromptEvents = {
      where: () => ({ image: this.image, view: this.view }),
      say: (text) => this.chrome.say(text),
      prompts: () => this.truth.prompts(),
      mayChange: () => this.mayChange(),
      change: (changes) => this.ask({ type: "reprompt", label: this.truth.active, changes }),
    };
    this.hand = this.pen = new Pen(this.kernel, clock, events);
    this.lasso = new LassoHand(this.pen, events);
    this.select = new SelectHand(events);
    this.eraser = new EraserHand(events);
    this.labelling = makeLabelling(host, this.truth, {
      ask: (command) => this.ask(command),
      waiting: () => this.kernel.requests.commands,
      settings: () => this.settings,
      set: (change) => this.set(change),
      rename: () => this.chrome.renameLabel(),
    });
    this.stage = new Stage(() => this.image, {
      resized: (before, after) => {
        this.view = before.width ? resized(this.view, this.image, before, after) : fit(this.image, after);
      },
      draw: (base) => this.draw(base),
    });
    const hand: StrokeEvents = {
      begin: (at, other) => this.begin(at, other),
      move: (points) => {
        this.hand.extend(points);
        this.pointer = points[points.length - 1]!;
        this.drawn();
      },
      end: () => {
        this.hand.commit();
        this.drawn();
      },
      cancel: () => {
        this.hand.discard();
        this.drawn();
      },
    };
    this.crosshair = new Crosshair(hand);
    this.furniture = new Furniture((at) => this.look(centredOn(this.view, at, this.image, this.stage.size)));
    this.stage.node.append(this.crosshair.node, ...this.furniture.nodes);
    this.chrome = new Chrome(this.stage.node, clock, {
      run: (command) => this.run(command),
      set: (change) => this.set(change),
      sign: (positive) => this.chooseSign(positive),
      label: (index) => this.chooseLabel(index),
      relabel: this.labelling,
      finish: (change) => this.ask({ type: "finish", label: this.truth.active, ...change }),
      unpaint: () => this.ask({ type: "unpaint", label: this.truth.active }),
      go: (step) => this.ask({ type: "go", step }),
      history: () => this.kernel.askSteps(),
      copy: () => void this.chrome.showCode(this.python()),
      window: () => this.setWindowing(!this.windowing),
      retry: () => this.kernel.retry(),
      dismiss: () => this.kernel.dismiss(),
      cancel: () => void this.kernel.cancel(),
    });
    this.scene = new Scene(null, this.kernel.masks);
    this.settings = initialSettings(this.image);
    this.gestures = new Gestures(this.stage.top.canvas, {
      ...hand,
      begin: (at, other) => {
        this.crosshair.hide();
        return this.begin(at, other);
      },
      window: (dx, dy) => this.dragWindow(dx, dy),
      refused: () => this.chrome.say(PEN_DRAWS),
      pan: (dx, dy) => this.look(pan(this.view, dx, dy)),
      zoom: (at, factor) => this.zoom(at, factor),
      hover: (at) => this.hover(at),
    });
    this.calls = [
      listenToKeys(this.chrome.root, {
        run: ({ command }, key) => this.runKey(command, key),
        hold: (command, held) => this.hold(command, held),
      }),
      host.onChange("_image", () => this.open(false)),
      host.onChange("label", () => this.letGo()),
      ...(["_can", "_entries", "_labels", "label", "_model"] as const).map((name) =>
        host.onChange(name, () => {
          if (name === "_labels") this.labelling.arrived();
          this.stage.invalidate();
          this.refresh();
        }),
      ),
    ];
    listen(this.chrome.root, "blur", () => this.crosshair.finish());
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
    this.unread();
    this.furniture.free();
    this.gestures.free();
    this.kernel.free();
    this.scene.free();
    this.stage.free();
    this.chrome.free();
  }

  // --- the image, and how it is looked at ------------------------------------------------------------------------

  private open(first: boolean): void {
    this.gestures.abort();
    this.letGo();
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
    // Slices of one CT are compared by the same window.
    const keepsWindow = !!picture?.unit && picture.unit === this.scene.picture?.unit;
    this.scene = new Scene(picture, this.kernel.masks);
    if (picture && !keepsWindow) this.settings.shading = { ...picture.usual, gamma: 1, inverted: false };
    this.crosshair.hide();
    this.toldArea = 0;
    this.stage.top.canvas.setAttribute("aria-label", `Picture, ${width} × ${height} pixels`);
    this.stage.measure();
    this.look(fit(this.image, this.stage.size));
    this.refresh();
  }

  private look(view: View): void {
    this.view = clamp(view, this.image, this.stage.size);
    this.changed();
  }

  /** Anything on the screen may be another than before. */
  private changed(): void {
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
      const { labels, active, spacing } = this.truth;
      const { settings } = this;
      const windowing = this.gestures.next === "window";
      const heat = settings.heat === "off" || kernel.probability.map?.label !== active ? null : kernel.probability.map;
      if (base && !scene.drawBase(stage.base, view, stage.ratio, labels, settings, heat)) stage.invalidate();
      if (base) this.furniture.update({ picture: scene.picture, settings, spacing, view, stage: stage.size, windowing });
      this.crosshair.draw(view);
      scene.drawPrompts(stage.top, view, stage.ratio, shown, this.select.handles);
    }
    const { root } = this.chrome;
    setAttribute(root, "data-prompts", this.truth.prompts().length);
    setAttribute(stage.top.canvas, "data-image-rect", [view.x, view.y, view.scale].join(","));
    if (!base || kernel.masks.version === null) return;
    if (this.releasedAt !== null) {
      this.latency = this.clock.now() - this.releasedAt;
      this.releasedAt = null;
      setAttribute(root, "data-latency-ms", this.latency.toFixed(1));
      this.refresh();
    }
    setAttribute(root, "data-mask-version", kernel.masks.version);
    setAttribute(root, "data-seconds", kernel.seconds ?? "");
  }

  private shownPrompts(): Shown[] {
    const { settings, kernel, pen, select } = this;
    const { labels, active } = this.truth;
    const tool = toolInHand(settings);
    // Who changes prompts has to see them.
    const isKept = settings.promptsShown || tool === "select" || tool === "eraser";
    const shown = shownPrompts({
      kept: isKept ? this.truth.prompts() : [],
      selected: select.selected,
      changes: [...select.changes, ...this.eraser.changes],
      active,
      labels,
      waiting: kernel.requests.commands,
      failed: kernel.failed.map(({ command }) => command),
    });
    const ink = (direct: boolean): string | undefined => (direct ? labels[active]!.color : undefined);
    const drawn = pen.shown;
    if (drawn) shown.push({ prompt: drawn, state: "pending", ink: ink(pen.stroke!.direct) });
    const polygon = this.lasso.shown(this.pointer);
    if (polygon) shown.push({ ...polygon, state: "pending", ink: ink(polygon.mark.direct) });
    return shown;
  }

  // --- strokes ---------------------------------------------------------------------------------------------------

  private begin(at: Point, other: boolean): boolean {
    giveFocus(this.chrome.root);
    this.chrome.closePanels();
    this.chrome.quiet();
    const { settings, lasso, select, eraser } = this;
    const { labels, active } = this.truth;
    const tool = toolInHand(settings);
    if (tool === "box" && other) {
      this.chrome.say(NO_NEGATIVE_BOX);
      return false;
    }
    if (this.truth.entry().locked) {
      this.chrome.say(`${labels[active]!.name} is locked. Unlock it in the menu, under Label.`);
      return false;
    }
    this.hand = { lasso, select, eraser }[tool as string] ?? this.pen;
    const positive = isPositive(settings) !== other;
    this.hand.begin(at, { tool, label: active, positive, width: settings.brush, direct: settings.direct });
    this.pointer = at;
    this.drawn();
    return true;
  }

  /** The stroke is another than before. */
  private drawn(): void {
    this.stage.invalidate(false);
    this.showCursor();
  }

  private hover(at: Point | null): void {
    // Browsers tell of a move, too, when what lies under a pointer that rests is another.
    const rests = String(at) === this.hovered;
    this.hovered = String(at);
    if (at && this.crosshair.at && (rests || this.crosshair.drawing)) return;
    if (at) this.crosshair.hide();
    this.pointer = at ?? (this.gestures.drawing ? this.pointer : null);
    if (this.lasso.corners.length) this.stage.invalidate(false);
    this.showCursor();
  }

  private showCursor(): void {
    const { settings, gestures } = this;
    const tool = toolInHand(settings);
    const width = tool === "eraser" ? this.eraser.widthOf(settings.brush) : settings.brush;
    const size = width * this.view.scale;
    const next = gestures.next === "pan" ? "grab" : gestures.next === "window" ? "window" : null;
    const shape = gestures.panning ? "grabbing" : (next ?? this.toolCursor(tool, size));
    const isPlain = tool === "eraser" || (this.pen.stroke?.positive ?? settings.positive);
    this.chrome.read(this.pointer ? readoutAt(this.scene.picture, toImage(this.view, this.pointer)) : "");
    this.stage.showCursor(shape, this.pointer, size, isPlain);
  }

  private toolCursor(tool: Tool, size: number): CursorShape {
    if (tool === "select") return this.pointer && this.select.isOver(this.pointer) ? "move" : "arrow";
    return (tool === "scribble" || tool === "eraser") && size >= LEAST_CIRCLE ? "brush" : "cross";
  }

  // --- what the person asks for ----------------------------------------------------------------------------------

  private runKey(command: CommandName, key: string): boolean {
    if (command === "escape") return this.escape();
    if (command === "move") return this.moveCrosshair(key);
    if (command === "place") return this.place();
    // A stroke is not interrupted by a key that was hit by mistake.
    if (this.gestures.drawing || this.crosshair.drawing) return true;
    return command === "label" ? this.chooseLabel(Number(key) - 1) : this.run(command);
  }

  private run(command: KeyCommand["command"]): boolean {
    const { settings } = this;
    this.pen.forgetTap();
    const middle: Point = this.pointer ?? [this.stage.size.width / 2, this.stage.size.height / 2];
    if (TOOLS.includes(command)) this.take(command as Tool);
    else if (command === "direct") this.paint(!settings.direct);
    else if (command === "sign") this.chooseSign(!isPositive(settings));
    else if (command === "hide") this.set({ maskShown: !settings.maskShown });
    else if (command === "mode") this.set({ mode: nextMode(settings.mode), maskShown: true });
    else if (command === "thinner" || command === "wider") {
      this.set({ brush: brushStep(settings.brush, command === "wider", this.image) });
    } else if (command === "fit") this.look(fit(this.image, this.stage.size));
    else if (command === "zoomIn") this.zoom(middle, ZOOM_STEP);
    else if (command === "zoomOut") this.zoom(middle, 1 / ZOOM_STEP);
    else if (command === "actual") this.look(scaleAt(this.view, middle, 1 / this.stage.ratio));
    else if (command === "heat") {
      const heat = HEAT_MODES[(HEAT_MODES.indexOf(settings.heat) + 1) % HEAT_MODES.length]!;
      this.set({ heat });
      this.chrome.say(heat === "off" ? "No map" : `Map of ${heat}`);
    } else if (command === "preset") this.nextPreset();
    else if (command === "invert") this.shade({ inverted: !settings.shading.inverted });
    else if (command === "options") this.chrome.toggleView();
    else if (command === "copy") void this.chrome.showCode(this.python());
    else if ((command === "undo" || command === "remove") && this.lasso.back()) this.drawn();
    else if (command === "undo" || command === "redo") {
      if (this.can[command]) this.ask({ type: command });
    } else if (command === "clear") {
      if (this.can.clear) this.ask({ type: command, label: this.truth.active });
    } else if (command === "commit") this.commit();
    else if (command === "remove") return this.select.remove();
    else if (command === "help") this.chrome.toggleHelp();
    else return false;
    return true;
  }

  private escape(): boolean {
    if (this.gestures.drawing) this.gestures.abort();
    else if (this.crosshair.cancel()) this.drawn();
    else if (this.windowing) this.setWindowing(false);
    else if (!this.chrome.closePanels(true) && !this.letGo() && !this.kernel.cancel()) this.chrome.leave();
    return true;
  }

  private ask(command: Command): void {
    this.kernel.ask(command, this.clock.now());
  }

  private take(tool: Tool): void {
    this.letGo();
    this.set(withTool(tool, this.settings));
    if (tool in MORE_TOOLS) this.chrome.say(MORE_TOOLS[tool as MoreTool][1]);
    else this.chrome.quiet();
  }

  /** Strokes change the mask itself, or are prompts again. */
  private paint(direct: boolean): void {
    this.letGo();
    this.set({ direct });
    if (direct) this.chrome.say(MORE_TOOLS.direct[1]);
    else this.chrome.quiet();
  }

  /** Give up the polygon under way and what is selected. False when there is neither. */
  private letGo(): boolean {
    const held = [this.lasso.abandon(), this.select.drop()];
    this.drawn();
    return held.includes(true);
  }

  private mayChange(): boolean {
    const { isOrdered } = this.kernel;
    if (!isOrdered) this.chrome.say("One moment: the step before is still on its way.");
    return isOrdered;
  }

  private commit(): void {
    const { active } = this.truth;
    if (!this.kernel.masks.area(active) && !this.kernel.requests.size) this.chrome.say("Draw an object first.");
    else this.ask({ type: "commit", label: active });
  }

  // --- the keyboard instead of the pointer ------------------------------------------------------------------------

  private moveCrosshair(key: string): boolean {
    if (this.gestures.drawing) return true;
    if (this.windowing) {
      const [x, y] = wayOf(key);
      this.dragWindow(x * WINDOW_STEP, y * WINDOW_STEP);
      return true;
    }
    const { width, height } = this.stage.size;
    const from = toImage(this.view, this.pointer ?? [width / 2, height / 2]);
    const at = this.crosshair.move(key, from, this.view.scale, this.image);
    this.look(follow(this.view, toScreen(this.view, at), this.stage.size, CROSSHAIR_MARGIN));
    this.pointer = toScreen(this.view, at);
    if (this.crosshair.drawing) this.hand.extend([this.pointer]);
    this.drawn();
    this.unread();
    this.unread = this.clock.after(READ_AFTER, () => this.chrome.announce(readoutAt(this.scene.picture, at)));
    return true;
  }

  private place(): boolean {
    if (this.lasso.close()) {
      this.drawn();
      return true;
    }
    if (this.gestures.drawing || !this.crosshair.at) return false;
    this.unread();
    this.crosshair.press(this.view, toolInHand(this.settings));
    if (this.crosshair.drawing) this.chrome.say("Started. Enter ends, Esc drops it.");
    return true;
  }

  private hold(command: CommandName, held: boolean): void {
    if (held) this.held.add(command);
    else this.held.delete(command);
    if (command === "previous") this.kernel.masks.showPrevious(held);
    // A key that was only tapped: the next drags are for it.
    else if (command === "window" && held) this.windowed = false;
    else if (command === "window" && !this.windowed) return this.setWindowing(!this.windowing);
    this.setWindowing(this.windowing);
  }

  private setWindowing(on: boolean): void {
    if (on && !this.windowing) this.chrome.say(WINDOW_MODE);
    this.windowing = on;
    this.gestures.next = this.held.has("pan") ? "pan" : on || this.held.has("window") ? "window" : "stroke";
    this.changed();
  }

  private nextPreset(): void {
    const { picture } = this.scene;
    if (!picture) return;
    const presets = presetsOf(picture);
    const { name, ...range } = presets[(presetIndex(presets, this.settings.shading) + 1) % presets.length]!;
    this.shade(range);
    this.chrome.say(`${name}: ${windowText(range, picture.unit)}`);
  }

  /** As a drag by so many CSS pixels. */
  private dragWindow(dx: number, dy: number): void {
    this.windowed = true;
    const { picture } = this.scene;
    if (picture) this.shade(dragged(this.settings.shading, dx, dy, picture.full));
  }

  private shade(part: Partial<Shading>): void {
    this.set({ shading: { ...this.settings.shading, ...part } });
  }

  private announceResult(before: number | null): void {
    const { labels, active, spacing } = this.truth;
    const area = this.kernel.masks.area(active);
    this.chrome.announce(resultText(labels[active]!.name, this.truth.prompts().length, area, before, spacing));
    this.toldArea = area;
  }

  private set(change: Partial<Settings>): void {
    const told = inWords(this.settings);
    Object.assign(this.settings, change);
    const now = inWords(this.settings);
    if (now !== told) this.chrome.announce(now);
    this.changed();
  }

  private chooseSign(positive: boolean): void {
    if (toolInHand(this.settings) !== "box") this.set({ positive });
    else if (!positive) this.chrome.say(NO_NEGATIVE_BOX);
  }

  private chooseLabel(index: number): boolean {
    const { labels } = this.truth;
    const label = labels[index];
    if (!label || labels.length < 2) return false;
    this.letGo();
    this.host.setLabel(label.name);
    this.announceResult(null);
    this.stage.invalidate();
    this.refresh();
    return true;
  }

  /** What was drawn, with what the kernel has not answered or has refused. */
  private python(): string {
    const { labels } = this.truth;
    const prompts = labels.map((_, label) => this.truth.prompts(label).slice());
    for (const { command } of [...this.kernel.failed.filter(isPrompt), ...this.kernel.requests.prompts]) {
      prompts[command.label]?.push(command.prompt);
    }
    return asPython(labels, prompts, this.entries);
  }

  /** As the kernel tells them, with what it was asked to change already changed: no slider or tick must jump back. */
  private get entries(): Entry[] {
    const entries = this.labelling.current().map((_, label) => ({ ...this.truth.entry(label) }));
    for (const { type, ...change } of this.kernel.requests.commands) {
      if (type === "finish" || type === "lock") Object.assign(entries[(change as { label: number }).label] ?? {}, change);
    }
    return entries;
  }

  // --- the rest of the screen -------------------------------------------------------------------------------------

  private get can(): ReturnType<Truth["can"]> {
    return this.truth.can(this.kernel.requests.size > 0);
  }

  /** Bring everything but the canvases up to date, once for all that happens in this turn. */
  private refresh(): void {
    if (this.refreshing) return;
    this.refreshing = true;
    queueMicrotask(() => {
      this.refreshing = false;
      if (this.ended) return;
      const { kernel, truth } = this;
      const { active } = truth;
      const labels = this.labelling.current();
      kernel.askProbability(this.settings.heat === "off" ? null : active);
      if (this.chrome.codeShown) this.chrome.updateCode(this.python());
      this.chrome.update({
        settings: this.settings,
        can: this.can,
        labels,
        active,
        entries: this.entries,
        image: this.image,
        picture: this.scene.picture,
        zoom: this.view.scale * this.stage.ratio,
        windowing: this.gestures.next === "window",
        area: kernel.masks.area(active),
        spacing: truth.spacing,
        prompts: this.truth.prompts().length,
        latency: this.latency,
        state: kernel.state,
        slow: kernel.requests.slow,
        cancellable: kernel.isCancellable,
        error: kernel.error,
        failed: kernel.failed.length,
        model: truth.model,
      });
    });
  }
}

/** "scribble, positive": what draws, for who does not see it. */
function inWords(settings: Settings): string {
  const tool = toolInHand(settings);
  return `${settings.direct ? `paint by ${tool}` : tool}, ${isPositive(settings) ? "positive" : "negative"}`;
}
