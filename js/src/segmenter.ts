/** The widget put together: what the person does goes to the kernel, what the kernel says goes to the screen. */
import { browserClock, type Clock } from "./clock";
import { makeChrome } from "./chrome";
import { makeCrosshair, type StrokeEvents } from "./crosshair";
import { giveFocus, listen, setAttribute } from "./dom";
import { makeEraserHand } from "./eraser";
import { resultText } from "./format";
import { makeFurniture } from "./furniture";
import { makeGestures } from "./gestures";
import { HEAT_MODES } from "./heatmap";
import { NO_NEGATIVE_BOX, PEN_DRAWS, hiddenText, lockedText, whyNothing } from "./hints";
import { makeKernel } from "./kernel";
import { listenToKeys } from "./keyboard";
import type { Action, CommandName } from "./keys";
import { makeLabelling, type Labelling } from "./labelling";
import { min } from "./math";
import { makeObjects } from "./objects";
import { makePen, type Hand } from "./pen";
import { makeLassoHand } from "./polygon";
import type { Command, Host, Point } from "./protocol";
import { asPython } from "./python";
import { pictureOf, type Picture } from "./raster";
import { isPrompt } from "./requests";
import { readoutAt } from "./readout";
import { makeScene, type Shown } from "./scene";
import { makeSelectHand, type PromptEvents } from "./select";
import { DIRECT, brushStep, initialSettings, isPositive, nextMode, toolInHand, usualBrush, withTool, type Settings } from "./settings";
import { shownPrompts } from "./shown";
import { makeStage, type CursorShape } from "./stage";
import type { Tool } from "./stroke";
import { MORE_TOOLS, type MoreTool } from "./toolspanel";
import { makeTruth, type Truth } from "./truth";
import { centredOn, clamp, fit, follow, pan, resized, scaleAt, toImage, toScreen, zoomAt, type Size, type View } from "./view";
import { makeWindowing } from "./windowing";
import type { Shading } from "./windowlevel";

const ZOOM_STEP = 1.4;
/** In CSS pixels: a smaller brush cannot be seen as a circle. */
const LEAST_CIRCLE = 6;
/** In CSS pixels: the crosshair comes no nearer to the canvas's edge where the picture goes on. */
const CROSSHAIR_MARGIN = 24;
/** Milliseconds: a crosshair that rests this long is read out. */
const READ_AFTER = 500;
const TOOLS: readonly Tool[] = ["scribble", "click", "box", "lasso", "circle", "select", "eraser"];

/** Show the widget in `el`; the function that comes back ends it and frees what it held. */
export function mountSegmenter(el: HTMLElement, host: Host, clock: Clock = browserClock): () => void {
  let image: Size = { width: 1, height: 1 };
  let view: View = { x: 0, y: 0, scale: 1 };
  let pointer: Point | null = null;
  let latency: number | null = null;
  /** When the pointer was lifted for the mask that the next frame shows. */
  let releasedAt: number | null = null;
  /** The key that lets drags move the picture is held. */
  let panning = false;
  /** Area that was last read out. */
  let toldArea = 0;
  /** Where the pointer was last. */
  let hovered = "";
  let unread: () => void = () => {};
  let refreshing = false;
  let ended = false;

  const kernel = makeKernel(
    host,
    clock,
    {
      touched: (label, rect) => {
        scene.touch(label, rect);
        stage.invalidate();
        refresh(); // the area
      },
      updated: (request) => {
        releasedAt = request?.releasedAt ?? releasedAt;
        // What was said is of the past; but the order of labels is told as it is asked for.
        if (request && request.command.type !== "labels") chrome.quiet();
        objects.changed(request?.command);
        stage.invalidate();
        announceResult(toldArea);
        if (request?.command.type === "prompt") explainNothing(request.command.label);
        if (chrome.historyShown) kernel.askSteps();
        refresh();
      },
      changed: () => {
        stage.invalidate(false);
        refresh();
      },
      steps: (steps) => chrome.showHistory(steps),
      cancelled: () => chrome.say("Cancelled: nothing changed."),
      heated: () => {
        stage.invalidate();
        refresh(); // the mask may be another meanwhile
      },
    },
    () => pen.soFar,
  );
  const truth = makeTruth(host, kernel.prompts);
  let scene = makeScene(null, kernel.masks);
  const settings = initialSettings(image);
  const events: PromptEvents = {
    where: () => ({ image, view }),
    say: (text) => chrome.say(text),
    prompts: () => (isHidden(truth.active) ? [] : truth.prompts()),
    mayChange,
    change(changes) {
      if (isLocked()) return false;
      ask({ type: "reprompt", label: truth.active, changes });
      return true;
    },
    resume: (at) => objects.resume(at),
  };
  const pen = makePen(kernel, clock, events);
  /** Whose the stroke in progress is. */
  let hand: Hand = pen;
  const lasso = makeLassoHand(pen, events);
  const select = makeSelectHand(events);
  const eraser = makeEraserHand(events);
  const labelling: Labelling = makeLabelling(host, truth, {
    ask,
    waiting: () => kernel.requests.commands,
    say: events.say,
    settings: () => settings,
    set,
    rename: () => chrome.renameLabel(),
  });
  const objects = makeObjects(kernel, truth, {
    entries: labelling.entries,
    isHidden,
    isLocked,
    ask,
    mayChange,
    choose: chooseLabel,
    say: events.say,
  });
  const windowing = makeWindowing({
    picture: () => scene.picture,
    shading: () => settings.shading,
    shade,
    say: events.say,
    turned: steer,
  });
  const stage = makeStage(() => image, {
    resized: (before, after) => {
      view = before.width ? resized(view, image, before, after) : fit(image, after);
      refresh(); // the zoom
    },
    draw,
  });
  const strokes: StrokeEvents = {
    begin,
    move: (points) => {
      hand.extend(points);
      pointer = points[points.length - 1]!;
      drawn();
    },
    end: () => {
      hand.commit();
      drawn();
    },
    cancel: () => {
      hand.discard();
      drawn();
    },
  };
  const crosshair = makeCrosshair(strokes);
  const furniture = makeFurniture((at) => look(centredOn(view, at, image, stage.size)));
  stage.node.append(crosshair.node, ...furniture.nodes);
  const chrome = makeChrome(stage.node, clock, {
    run,
    set,
    sign: chooseSign,
    label: chooseLabel,
    relabel: labelling,
    finish: (change) => ask({ type: "finish", label: truth.active, ...change }),
    unpaint: () => ask({ type: "unpaint", label: truth.active }),
    go: (step) => mayChange() && ask({ type: "go", step }),
    history: () => kernel.askSteps(),
    window: windowing.toggle,
    retry: () => kernel.retry(),
    dismiss: () => kernel.dismiss(),
    cancel: () => void kernel.cancel(),
  });
  const gestures = makeGestures(stage.top.canvas, {
    ...strokes,
    begin: (at, other) => {
      crosshair.hide();
      return begin(at, other);
    },
    window: windowing.drag,
    refused: () => chrome.say(PEN_DRAWS),
    pan: (dx, dy) => look(pan(view, dx, dy)),
    zoom,
    hover,
  });
  const middle = (): Point => pointer ?? [stage.size.width / 2, stage.size.height / 2];
  /** False: there was nothing to do, and the key goes its way. */
  const actions: Record<Action, () => unknown> = {
    ...(Object.fromEntries(TOOLS.map((tool) => [tool, () => take(tool)])) as Record<Tool, () => void>),
    direct: () => paint(!settings.direct),
    sign: () => chooseSign(!isPositive(settings)),
    thinner: () => set({ brush: brushStep(settings.brush, false, image) }),
    wider: () => set({ brush: brushStep(settings.brush, true, image) }),
    undo: () => void (lasso.back() ? drawn() : can().undo && ask({ type: "undo" })),
    redo: () => void (can().redo && ask({ type: "redo" })),
    clear: () => void (can().clear && !isLocked() && ask({ type: "clear", label: truth.active })),
    commit: () => objects.commit(),
    remove: () => {
      if (lasso.back()) return drawn();
      return select.remove() || (objects.isAsTaken && can().clear && ask({ type: "clear", label: truth.active }));
    },
    hide: () => set({ maskShown: !settings.maskShown }),
    mode: () => set({ mode: nextMode(settings.mode), maskShown: true }),
    fit: () => look(fit(image, stage.size)),
    zoomIn: () => zoom(middle(), ZOOM_STEP),
    zoomOut: () => zoom(middle(), 1 / ZOOM_STEP),
    actual: () => look(scaleAt(view, middle(), 1 / stage.ratio)),
    heat: () => {
      const heat = HEAT_MODES[(HEAT_MODES.indexOf(settings.heat) + 1) % HEAT_MODES.length]!;
      set({ heat });
      chrome.say(heat === "off" ? "No map" : `Map of ${heat}`);
    },
    preset: () => windowing.nextPreset(),
    invert: () => shade({ inverted: !settings.shading.inverted }),
    options: () => chrome.toggle("view"),
    finish: () => chrome.toggle("finish"),
    labels: () => chrome.toggle("label"),
    history: () => chrome.toggle("history"),
    copy() {
      // As it is, not as it might become or was.
      kernel.masks.hidePreview();
      kernel.masks.showPrevious(false);
      void chrome.showCode(python());
    },
    help: () => chrome.toggle("help"),
  };
  const calls: (() => void)[] = [
    listenToKeys(chrome.root, {
      run: ({ command }, key) => runKey(command, key),
      hold,
    }),
    host.onChange("_image", () => open(false)),
    host.onChange("label", () => {
      letGo();
      announceResult(null);
    }),
    ...(["_can", "_entries", "_labels", "label", "_model"] as const).map((name) =>
      host.onChange(name, () => {
        if (name === "_labels") labelling.arrived();
        stage.invalidate();
        refresh();
      }),
    ),
  ];
  listen(chrome.root, "blur", () => crosshair.finish());
  // While this view lives, the picture that stands for it in a saved notebook need not be seen.
  const style = document.createElement("style");
  style.textContent = `.sp-static-${host.get("_key")}{display:none !important}`;
  el.classList.add("sp-host");
  el.append(style, chrome.root);
  open(true);
  stage.start();

  function free(): void {
    ended = true;
    for (const end of calls) end();
    unread();
    furniture.free();
    gestures.free();
    kernel.free();
    scene.free();
    stage.free();
    chrome.free();
  }

  // --- the image, and how it is looked at ------------------------------------------------------------------------

  function open(first: boolean): void {
    // What was begun on another image is not for this one.
    gestures.abort();
    crosshair.cancel();
    letGo();
    const trait = host.get("_image");
    let picture: Picture | null = null;
    let trouble = "";
    try {
      picture = pictureOf(trait!);
    } catch (error) {
      trouble = `The picture did not arrive. Run the cell again. (${error instanceof Error ? error.message : error})`;
    }
    chrome.showMissing(trouble);
    const [height = 1, width = 1] = trait?.shape ?? [];
    const isOther = first || width !== image.width || height !== image.height;
    image = { width, height };
    if (isOther) settings.brush = usualBrush(image);
    latency = releasedAt = null;
    scene.free();
    kernel.open(image, first);
    // Slices of one CT are compared by the same window.
    const keepsWindow = !!picture?.unit && picture.unit === scene.picture?.unit;
    scene = makeScene(picture, kernel.masks);
    if (picture && !keepsWindow) settings.shading = { ...picture.usual, gamma: 1, inverted: false };
    crosshair.hide();
    toldArea = 0;
    stage.top.canvas.setAttribute("aria-label", `Picture, ${width} × ${height} pixels`);
    stage.measure();
    look(fit(image, stage.size));
    refresh();
  }

  function look(next: View): void {
    view = clamp(next, image, stage.size);
    changed();
  }

  /** Anything on the screen may be another than before. */
  function changed(): void {
    stage.invalidate();
    showCursor();
    refresh();
  }

  function zoom(at: Point, factor: number): void {
    look(zoomAt(view, at, factor, image, stage.size));
  }

  function draw(base: boolean): void {
    const shown = allShown();
    if (stage.size.width) {
      const { labels, active, spacing } = truth;
      const windowing = gestures.next === "window";
      const heat = settings.heat === "off" || kernel.probability.map?.label !== active ? null : kernel.probability.map;
      if (base && !scene.drawBase(stage.base, view, stage.ratio, labels, settings, heat)) stage.invalidate();
      if (base) furniture.update({ picture: scene.picture, settings, spacing, view, stage: stage.size, windowing });
      crosshair.draw(view);
      scene.drawPrompts(stage.top, view, stage.ratio, shown, select.handles);
    }
    const { root } = chrome;
    setAttribute(root, "data-prompts", truth.prompts().length);
    setAttribute(stage.top.canvas, "data-image-rect", [view.x, view.y, view.scale].join(","));
    if (!base || kernel.masks.version === null) return;
    if (releasedAt !== null) {
      latency = clock.now() - releasedAt;
      releasedAt = null;
      setAttribute(root, "data-latency-ms", latency.toFixed(1));
      refresh();
    }
    setAttribute(root, "data-mask-version", kernel.masks.version);
    setAttribute(root, "data-seconds", kernel.seconds ?? "");
  }

  function allShown(): Shown[] {
    const { labels, active } = truth;
    const tool = toolInHand(settings);
    // Who changes prompts has to see them.
    const isKept = settings.promptsShown || tool === "select" || tool === "eraser";
    const shown = shownPrompts({
      kept: isKept ? truth.prompts() : [],
      selected: select.selected,
      changes: [...select.changes, ...eraser.changes],
      active,
      labels,
      waiting: kernel.requests.commands,
      failed: kernel.failed.map(({ command }) => command),
    });
    const ink = (direct: boolean): string | undefined => (direct ? labels[active]!.color : undefined);
    const drawn = pen.shown;
    if (drawn) shown.push({ prompt: drawn, state: "pending", ink: ink(pen.stroke!.direct) });
    const polygon = lasso.shown(pointer);
    if (polygon) shown.push({ ...polygon, state: "pending", ink: ink(polygon.mark.direct) });
    return shown;
  }

  // --- strokes ---------------------------------------------------------------------------------------------------

  function begin(at: Point, other: boolean): boolean {
    giveFocus(chrome.root);
    chrome.closePanels();
    chrome.quiet();
    const { labels, active } = truth;
    const tool = toolInHand(settings);
    if (tool === "box" && other) {
      chrome.say(NO_NEGATIVE_BOX);
      return false;
    }
    // What is selected may be another label's object.
    if (tool !== "select") {
      if (isLocked()) return false;
      if (isHidden(active)) {
        chrome.say(hiddenText(labels[active]!));
        return false;
      }
    }
    hand = { lasso, select, eraser }[tool as string] ?? pen;
    const positive = isPositive(settings) !== other;
    hand.begin(at, { tool, label: active, positive, width: settings.brush, direct: settings.direct });
    pointer = at;
    drawn();
    return true;
  }

  /** The stroke is another than before. */
  function drawn(): void {
    stage.invalidate(false);
    showCursor();
  }

  function hover(at: Point | null): void {
    // Browsers tell of a move, too, when what lies under a pointer that rests is another.
    const rests = String(at) === hovered;
    hovered = String(at);
    if (at && crosshair.at && (rests || crosshair.drawing)) return;
    if (at) crosshair.hide();
    pointer = at ?? (gestures.drawing ? pointer : null);
    if (lasso.corners.length) stage.invalidate(false);
    showCursor();
  }

  function showCursor(): void {
    const tool = toolInHand(settings);
    const width = tool === "eraser" ? eraser.widthOf(settings.brush) : settings.brush;
    const size = width * view.scale;
    const next = gestures.next === "pan" ? "grab" : gestures.next === "window" ? "window" : null;
    const shape = gestures.panning ? "grabbing" : (next ?? toolCursor(tool, size));
    const isPlain = tool === "eraser" || (pen.stroke?.positive ?? settings.positive);
    chrome.read(pointer ? readoutAt(scene.picture, toImage(view, pointer)) : "");
    stage.showCursor(shape, pointer, size, isPlain);
  }

  function toolCursor(tool: Tool, size: number): CursorShape {
    if (tool === "select") {
      if (!pointer) return "arrow";
      return select.isOver(pointer) ? "move" : objects.isAt(toImage(view, pointer)) ? "hand" : "arrow";
    }
    return (tool === "scribble" || tool === "eraser") && size >= LEAST_CIRCLE ? "brush" : "cross";
  }

  // --- what the person asks for ----------------------------------------------------------------------------------

  function runKey(command: CommandName, key: string): boolean {
    if (command === "escape") return escape();
    if (command === "move") return moveCrosshair(key);
    if (command === "place") return place();
    // A stroke is not interrupted by a key that was hit by mistake.
    if (gestures.drawing || crosshair.drawing) return true;
    return command === "label" ? chooseLabel(Number(key) - 1) : run(command as Action); // keys that are held are not run
  }

  function run(command: Action): boolean {
    pen.forgetTap();
    return actions[command]() !== false;
  }

  function escape(): boolean {
    if (gestures.drawing) gestures.abort();
    else if (crosshair.cancel()) drawn();
    else if (!windowing.turn(false) && !chrome.closePanels(true) && !letGo() && !kernel.cancel()) chrome.leave();
    return true;
  }

  function ask(command: Command): void {
    kernel.ask(command, clock.now());
  }

  function take(tool: Tool): void {
    letGo();
    set(withTool(tool, settings));
    if (tool in MORE_TOOLS) chrome.say(MORE_TOOLS[tool as MoreTool][1]);
    else chrome.quiet();
  }

  /** Strokes change the mask itself, or are prompts again. */
  function paint(direct: boolean): void {
    letGo();
    // With a brush at first: a circle that was a prompt would paint more than anybody meant.
    set(direct && DIRECT.includes(settings.tool) ? { direct, tool: "scribble" } : { direct });
    if (direct) chrome.say(MORE_TOOLS.direct[1]);
    else chrome.quiet();
  }

  /** Give up the polygon under way and what is selected. False when there is neither. */
  function letGo(): boolean {
    const dropped = [lasso.abandon(), select.drop()];
    drawn();
    return dropped.includes(true);
  }

  /** Whether nothing may be done to a label; the person is told. */
  function isLocked(label = truth.active): boolean {
    const { locked } = truth.entry(label);
    if (locked) chrome.say(lockedText(truth.labels[label]!));
    return locked;
  }

  function mayChange(): boolean {
    const { isSettled } = kernel;
    if (!isSettled) chrome.say("One moment: the step before is on its way.");
    return isSettled;
  }

  // --- the keyboard instead of the pointer ------------------------------------------------------------------------

  function moveCrosshair(key: string): boolean {
    if (gestures.drawing) return true;
    if (windowing.isOn) {
      windowing.arrow(key);
      return true;
    }
    const at = crosshair.move(key, toImage(view, middle()), view.scale, image);
    look(follow(view, toScreen(view, at), stage.size, CROSSHAIR_MARGIN));
    pointer = toScreen(view, at);
    if (crosshair.drawing) hand.extend([pointer]);
    drawn();
    unread();
    unread = clock.after(READ_AFTER, () => chrome.announce(readoutAt(scene.picture, at)));
    return true;
  }

  function place(): boolean {
    if (lasso.close()) {
      drawn();
      return true;
    }
    if (gestures.drawing || !crosshair.at) return false;
    unread();
    crosshair.press(view, toolInHand(settings));
    if (crosshair.drawing) chrome.say("Started. Enter ends, Esc drops it.");
    return true;
  }

  function hold(command: CommandName, down: boolean): void {
    if (command === "window") return windowing.hold(down);
    if (command === "previous") kernel.masks.showPrevious(down);
    else panning = down;
    steer();
  }

  /** Drags may do something else than before. */
  function steer(): void {
    gestures.next = panning ? "pan" : windowing.isOn ? "window" : "stroke";
    changed();
  }

  function shade(part: Partial<Shading>): void {
    set({ shading: { ...settings.shading, ...part } });
  }

  function announceResult(before: number | null): void {
    const { labels, active, spacing } = truth;
    const area = kernel.masks.area(active);
    chrome.announce(resultText(labels[active]!.name, truth.prompts().length, area, before, spacing));
    toldArea = area;
  }

  function explainNothing(label: number): void {
    const why = whyNothing(truth.prompts(label), label, kernel.masks, labelling.entries());
    if (why) chrome.say(why);
  }

  function set(change: Partial<Settings>): void {
    const told = inWords(settings);
    Object.assign(settings, change);
    const now = inWords(settings);
    if (now !== told) chrome.announce(now);
    changed();
  }

  function isHidden(label: number): boolean {
    return settings.hiddenLabels.includes(label);
  }

  function chooseSign(positive: boolean): void {
    if (toolInHand(settings) !== "box") set({ positive });
    else if (!positive) chrome.say(NO_NEGATIVE_BOX);
  }

  function chooseLabel(index: number): boolean {
    const { labels } = truth;
    const label = labels[index];
    if (!label || labels.length < 2) return false;
    host.setLabel(label.name);
    return true;
  }

  /** What was drawn, with what the kernel has not answered or has refused. */
  function python(): string {
    const more = [...kernel.failed.filter(isPrompt), ...kernel.requests.prompts].map(({ command }) => command);
    return asPython(truth.labels, truth.prompts, more, labelling.entries(), kernel.masks);
  }

  // --- the rest of the screen -------------------------------------------------------------------------------------

  function can(): ReturnType<Truth["can"]> {
    return truth.can(kernel.requests.size > 0);
  }

  /** Bring everything but the canvases up to date, once for all that happens in this turn. */
  function refresh(): void {
    if (refreshing) return;
    refreshing = true;
    queueMicrotask(() => {
      refreshing = false;
      if (ended) return;
      const labels = labelling.current();
      const active = min(truth.active, labels.length - 1);
      kernel.askProbability(settings.heat === "off" ? null : active);
      if (chrome.codeShown && !pen.stroke) chrome.updateCode(python());
      chrome.update({
        settings,
        can: can(),
        labels,
        active,
        entries: labelling.entries(),
        image,
        picture: scene.picture,
        zoom: view.scale * stage.ratio,
        windowing: gestures.next === "window",
        area: kernel.masks.area(active),
        spacing: truth.spacing,
        prompts: truth.prompts().length,
        latency,
        state: kernel.state,
        slow: kernel.requests.slow,
        cancellable: kernel.isCancellable,
        error: kernel.error,
        failed: kernel.failed.length,
        model: truth.model,
      });
    });
  }

  return free;
}

/** "scribble, positive": what draws, for who does not see it. */
function inWords(settings: Settings): string {
  const tool = toolInHand(settings);
  return `${settings.direct ? `paint by ${tool}` : tool}, ${isPositive(settings) ? "positive" : "negative"}`;
}
