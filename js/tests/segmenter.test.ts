// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Prompt } from "../src/protocol";
import { mountSegmenter } from "../src/segmenter";
import { FakeClock } from "./fakeclock";
import { FakeHost, nameOf } from "./fakehost";

// jsdom has neither canvas contexts nor pointer events nor layout; what can be seen without them is tested here, the
// rest in a real browser.
HTMLCanvasElement.prototype.getContext = (() => null) as never;

const frames: (() => void)[] = [];
const LABELS = [
  { name: "lesion", color: "#56b4e9" },
  { name: "vessel", color: "#e69f00" },
];

const CLICK: Prompt = { kind: "click", x: 1, y: 1, positive: true };

type Pointer = MouseEventInit & { pointerId?: number; pointerType?: string };

describe("the widget", () => {
  let host: FakeHost;
  let clock: FakeClock;
  let el: HTMLElement;
  let root: HTMLElement;
  let canvas: HTMLElement;
  let end: () => void;

  async function mount(traits = {}): Promise<void> {
    host = new FakeHost(traits);
    clock = new FakeClock();
    el = document.body.appendChild(document.createElement("div"));
    end = mountSegmenter(el, host, clock);
    root = el.querySelector(".sp-segmenter")!;
    canvas = root.querySelector(".sp-canvas")!;
    await settled();
  }

  /** Microtasks and the next frame have run. */
  async function settled(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await Promise.resolve();
      await new Promise((resolve) => setTimeout(resolve));
      frames.splice(0).forEach((frame) => frame());
    }
  }

  let buttons = 0;
  function pointer(type: string, x: number, y: number, more: Pointer = {}): Event {
    const { pointerId = 1, pointerType = "mouse", ...mouse } = more;
    if (type === "pointerdown" || type === "pointerup") buttons = type === "pointerdown" ? 1 : 0;
    const event = new MouseEvent(type, { clientX: x, clientY: y, buttons, bubbles: true, cancelable: true, ...mouse });
    Object.assign(event, { pointerId, pointerType, isPrimary: pointerId === 1 });
    canvas.dispatchEvent(event);
    return event;
  }

  /** Where an image pixel's centre is on the screen. */
  function at(x: number, y: number): [number, number] {
    const [left, top, scale] = canvas.dataset.imageRect!.split(",").map(Number) as [number, number, number];
    return [left + (x + 0.5) * scale, top + (y + 0.5) * scale];
  }

  function drag(points: [number, number][], more: Pointer = {}): void {
    pointer("pointerdown", ...at(...points[0]!), more);
    for (const point of points.slice(1)) pointer("pointermove", ...at(...point), more);
    pointer("pointerup", ...at(...points[points.length - 1]!), more);
  }

  function key(name: string, more: KeyboardEventInit = {}): KeyboardEvent {
    const event = new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more });
    root.dispatchEvent(event);
    return event;
  }

  const text = (selector: string): string => root.querySelector(selector)!.textContent!;
  const button = (title: RegExp): HTMLButtonElement =>
    [...root.querySelectorAll("button")].find((one) => title.test(one.title || nameOf(one)))!;

  beforeEach(() => {
    frames.length = 0;
    vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
    vi.stubGlobal("cancelAnimationFrame", () => {});
  });

  afterEach(() => {
    end();
    el.remove();
    vi.unstubAllGlobals();
  });

  it("shows its state to tests and people", async () => {
    await mount();
    expect(root.dataset).toMatchObject({ state: "ready", maskVersion: "0", prompts: "0", tool: "scribble", sign: "positive" });
    expect(text(".sp-facts")).toBe("lesion0 px0 prompts");
    expect(text(".sp-state")).toBe("ready");
    expect(el.querySelector("style")!.textContent).toBe(".sp-static-k1{display:none !important}");
    expect(root.getAttribute("tabindex")).toBe("0");
  });

  it("says what is missing when all that was drawn is negative", async () => {
    await mount();
    const added = [{ kind: "click" as const, x: 3, y: 3, positive: false }];
    drag([[2, 2], [5, 3]], { button: 2, buttons: 2 });
    host.update(host.last().id, 1, 0, undefined, [{ label: 0, kept: 0, added }]);
    expect(text(".sp-hint")).toBe("Only − so far: a mask begins with +.");
    drag([[2, 2], [5, 3]]);
    host.update(host.last().id, 2, 1, { width: 3 }, [{ label: 0, kept: 1, added: [{ ...added[0]!, positive: true }] }]);
    expect(text(".sp-hint")).toBe("");
    host.set({ _entries: [{ edits: 0, threshold: 0.5, fill_holes: false, keep_largest: false, smooth: 0, started: false, taken: false, locked: false, objects: 1, removable: false }] });
    host.update(null, 3, 2, undefined, [{ label: 0, kept: 0, added: [] }]);
    host.update(null, 4, null);
    drag([[2, 2], [5, 3]]);
    host.update(host.last().id, 5, 4, undefined, [{ label: 0, kept: 0, added: [{ ...added[0]!, positive: true }] }]);
    expect(text(".sp-hint")).toBe("Done objects and locked labels keep their pixels.");
    // A mask beside an object that is done, in whose middle the prompt was.
    host.update(null, 6, null, { width: 2, layer: 1 });
    drag([[2, 2], [5, 3]]);
    const taken = { ...added[0]!, x: 1, y: 0, positive: true };
    host.update(host.last().id, 7, 6, { x: 3, width: 1 }, [{ label: 0, kept: 1, added: [taken] }]);
    expect(text(".sp-hint")).toBe("Done objects and locked labels keep their pixels.");
    drag([[2, 2], [5, 3]]);
    host.update(host.last().id, 8, 7, { x: 3, width: 1 }, [{ label: 0, kept: 2, added: [{ ...taken, x: 3 }] }]);
    expect(text(".sp-hint")).toBe("");
    // Not of the label that was chosen meanwhile.
    host.set({ _labels: [...host.traits._labels!, { name: "vessel", color: "#e69f00", rank: 1 }] });
    drag([[2, 2], [5, 3]]);
    host.set({ label: "vessel" });
    host.update(host.last().id, 6, 5, { width: 3 }, [{ label: 0, kept: 1, added: [{ ...added[0]!, positive: true }] }]);
    expect(text(".sp-hint")).toBe("");
  });

  it("sends a stroke, and shows the answer with its latency", async () => {
    await mount();
    drag([[2, 2], [5, 3], [9, 2]]);
    expect(host.last()).toMatchObject({
      type: "prompt",
      label: 0,
      prompt: { kind: "scribble", points: [[2, 2], [5, 3], [9, 2]], positive: true, width: 1 },
    });
    await settled();
    expect(root.dataset.state).toBe("thinking");
    expect(text(".sp-state")).toBe("ready"); // a short wait is not told
    clock.go(200);
    await settled();
    expect(text(".sp-state")).toBe("thinking");
    const { id } = host.last();
    host.update(id, 1, 0, { width: 3 }, [{ label: 0, kept: 0, added: [CLICK] }]);
    clock.go(24);
    await settled();
    expect(root.dataset).toMatchObject({ state: "ready", maskVersion: "1", prompts: "1", latencyMs: "224.0" });
    expect(text(".sp-facts")).toBe("lesion6 px1 prompt224 ms");
    expect(text(".sp-live")).toBe("lesion: 6 px, 6 px more; 1 prompt");
    expect(button(/^Undo/).getAttribute("aria-disabled")).toBe("false");
    expect(button(/^Redo/).getAttribute("aria-disabled")).toBe("true");
  });

  it("shows an answered stroke as the kernel has it, before the traits tell that it can be undone", async () => {
    await mount();
    drag([[2, 2], [9, 2]]);
    const stroke: Prompt = { kind: "scribble", points: [[2, 2], [9, 2]], positive: true, width: 1 };
    host.update(host.last().id, 1, 0, { width: 3 }, [{ label: 0, kept: 0, added: [stroke] }]);
    await settled();
    expect(root.dataset.prompts).toBe("1");
    expect(button(/^Undo/).getAttribute("aria-disabled")).toBe("false");
    button(/^Copy as Python$/).click();
    await settled();
    const code = root.querySelector<HTMLTextAreaElement>(".sp-code textarea")!;
    expect(code.value.match(/add_scribble/g)).toHaveLength(1);
    // While it is open it follows what is drawn, here or from Python.
    host.update(null, 2, 1, undefined, [{ label: 0, kept: 0, added: [CLICK] }]);
    await settled();
    expect(code.value).toMatch(/\nw\.add_click\(1\.0, 1\.0\)$/);
    drag([[3, 3]]);
    await settled();
    expect(code.value).toMatch(/add_click.*\n.*add_scribble/);
  });

  it("draws the other sign with the right button, without the menu", async () => {
    await mount();
    key("p");
    drag([[4, 4]], { button: 2 });
    expect(host.last()).toMatchObject({ prompt: { kind: "click", x: 4, y: 4, positive: false } });
    expect(pointer("contextmenu", 5, 5).defaultPrevented).toBe(true);
    key("t");
    drag([[4, 4]], { button: 2 });
    expect(host.last()).toMatchObject({ prompt: { positive: true } });
    await settled();
    expect(root.dataset).toMatchObject({ tool: "click", sign: "negative" });
  });

  it.each(["s", "p"])("takes a double click as one (%s)", async (tool) => {
    await mount();
    key(tool);
    const taps = (count: number, then = (): void => {}): void => {
      for (let i = 0; i < count; i++) {
        drag([[4, 4]]);
        clock.go(120);
        then();
      }
    };
    taps(3);
    expect(host.sent).toHaveLength(1);
    clock.go(1000);
    taps(1); // later it is meant
    expect(host.sent).toHaveLength(2);
    drag([[4, 4]], { button: 2 }); // so it is with the other sign
    expect(host.sent).toHaveLength(3);
    drag([[7, 4]], { button: 2 }); // and elsewhere
    expect(host.sent).toHaveLength(4);
    taps(2, () => key("z", { ctrlKey: true })); // and after it was taken back
    expect(host.types().slice(4)).toEqual(["prompt", "undo", "prompt", "undo"]);
  });

  it("takes a box from any corner, and asks for a drag where there was none", async () => {
    await mount();
    key("b");
    drag([[9, 6], [2, 1]]);
    expect(host.last()).toMatchObject({ prompt: { kind: "box", x0: 2, y0: 1, x1: 9, y1: 6 } });
    drag([[3, 3]]);
    expect(host.sent).toHaveLength(1);
    expect(text(".sp-hint")).toMatch(/drag a box/i);
    const sent = host.sent.length;
    drag([[2, 2], [8, 6]], { button: 2 });
    expect(host.sent).toHaveLength(sent);
    expect(text(".sp-hint")).toMatch(/holds the object/i);
    clock.go(5000);
    expect(text(".sp-hint")).toBe("");
  });

  it("has no negative boxes, by button, key or with the sign that was chosen before", async () => {
    await mount();
    const minus = button(/^Negative/);
    minus.click();
    await settled();
    expect([root.dataset.sign, minus.getAttribute("aria-pressed")]).toEqual(["negative", "true"]);
    key("b");
    await settled();
    expect([root.dataset.sign, minus.getAttribute("aria-pressed")]).toEqual(["positive", "false"]);
    minus.click();
    expect(text(".sp-hint")).toMatch(/holds the object/i);
    clock.go(5000);
    key("t");
    expect(text(".sp-hint")).toMatch(/holds the object/i);
    button(/^Positive/).click();
    key("s");
    await settled();
    expect(root.dataset.sign).toBe("negative"); // as before the box
  });

  it("takes all that the pointer did since the last frame", async () => {
    await mount();
    pointer("pointerdown", ...at(1, 1));
    const parts = [[4, 1], [4, 5], [8, 5]].map(([x, y]) => ({ clientX: at(x!, y!)[0], clientY: at(x!, y!)[1] }));
    const move = new MouseEvent("pointermove", { ...parts[2], buttons: 1, bubbles: true });
    canvas.dispatchEvent(Object.assign(move, { pointerId: 1, pointerType: "mouse", getCoalescedEvents: () => parts }));
    pointer("pointerup", ...at(8, 5));
    expect(host.last()).toMatchObject({ prompt: { points: [[1, 1], [4, 1], [4, 5], [8, 5]] } });
  });

  it("drops a stroke on Esc, and keeps one that the system cuts short", async () => {
    await mount();
    pointer("pointerdown", ...at(2, 2));
    pointer("pointermove", ...at(5, 2));
    key("Escape");
    pointer("pointermove", ...at(8, 2));
    pointer("pointerup", ...at(8, 2));
    expect(host.sent).toHaveLength(0);
    pointer("pointerdown", ...at(2, 2));
    pointer("pointermove", ...at(5, 2));
    pointer("lostpointercapture", 0, 0);
    expect(host.last()).toMatchObject({ prompt: { points: [[2, 2], [5, 2]] } });
    pointer("pointerup", ...at(8, 2));
    expect(host.sent).toHaveLength(1);
  });

  it("keeps a stroke whose end nobody told", async () => {
    await mount();
    const ends = [() => window.dispatchEvent(new Event("blur")), () => pointer("pointermove", ...at(9, 6), { buttons: 0 })];
    for (const end of ends) {
      host.sent.length = 0;
      pointer("pointerdown", ...at(2, 2));
      pointer("pointermove", ...at(5, 2));
      end();
      expect(host.last()).toMatchObject({ prompt: { points: [[2, 2], [5, 2]] } });
      pointer("pointermove", ...at(9, 2));
      pointer("pointerup", ...at(9, 2));
      expect(host.sent).toHaveLength(1);
    }
  });

  it("leaves drawing to the pen once there is one, and lets it go before the hand", async () => {
    await mount();
    const [touch, pen] = [{ pointerType: "touch", pointerId: 2 }, { pointerType: "pen" }];
    pointer("pointerdown", ...at(9, 6), touch); // the hand comes first ...
    pointer("pointerdown", ...at(2, 2), pen);
    pointer("pointermove", ...at(10, 6), touch);
    pointer("pointermove", ...at(5, 2), pen);
    pointer("pointerup", ...at(5, 2), pen);
    pointer("pointerup", ...at(10, 6), touch);
    expect(host.last()).toMatchObject({ prompt: { points: [[2, 2], [5, 2]] } });
    host.sent.length = 0;
    const before = canvas.dataset.imageRect;
    drag([[3, 3], [8, 3]], { pointerType: "touch" }); // ... or by itself
    await settled();
    expect([host.sent.length, canvas.dataset.imageRect]).toEqual([0, before]);
    pointer("pointerdown", ...at(3, 3), { pointerType: "touch" });
    pointer("pointerdown", ...at(9, 6), touch);
    pointer("pointermove", ...at(11, 7), touch);
    await settled();
    expect(canvas.dataset.imageRect).not.toBe(before); // two fingers still zoom
  });

  it("takes a second finger as a pinch, not as a stroke", async () => {
    await mount();
    const touch = { pointerType: "touch" };
    pointer("pointerdown", ...at(2, 2), touch);
    pointer("pointermove", ...at(3, 2), touch);
    const before = canvas.dataset.imageRect;
    pointer("pointerdown", ...at(9, 6), { ...touch, pointerId: 2 });
    pointer("pointermove", ...at(12, 8), { ...touch, pointerId: 2 });
    pointer("pointerup", ...at(12, 8), { ...touch, pointerId: 2 });
    pointer("pointerup", ...at(3, 2), touch);
    await settled();
    expect(host.sent).toHaveLength(0);
    expect(canvas.dataset.imageRect).not.toBe(before);
    drag([[3, 3]], touch);
    expect(host.last()).toMatchObject({ type: "prompt" });
  });

  it("zooms with Ctrl and the wheel only", async () => {
    await mount();
    const before = canvas.dataset.imageRect;
    const wheel = (ctrlKey: boolean): boolean =>
      canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -100, ctrlKey, clientX: 100, clientY: 100, bubbles: true, cancelable: true }));
    expect(wheel(false)).toBe(true);
    await settled();
    expect(canvas.dataset.imageRect).toBe(before);
    expect(wheel(true)).toBe(false);
    await settled();
    expect(canvas.dataset.imageRect).not.toBe(before);
    key("0");
    await settled();
    expect(canvas.dataset.imageRect).toBe(before);
  });

  it("goes to a pixel for a pixel, and shows where that is", async () => {
    await mount();
    const map = root.querySelector<HTMLElement>(".sp-minimap")!;
    expect(map.hidden).toBe(true);
    key("z");
    await settled();
    expect(canvas.dataset.imageRect!.split(",").map(Number)[2]).toBe(1); // smaller than fitted
    expect(map.hidden).toBe(true);
    for (let i = 0; i < 20; i++) key("+");
    await settled();
    expect(map.hidden).toBe(false);
    key("0");
    await settled();
    expect(map.hidden).toBe(true);
  });

  it("draws by keys alone", async () => {
    await mount();
    root.focus();
    expect(key("Enter").defaultPrevented).toBe(false); // there is no crosshair yet
    key("p");
    for (const name of ["ArrowLeft", "ArrowUp", "Enter"]) expect(key(name).defaultPrevented).toBe(true);
    expect(host.last()).toMatchObject({ prompt: { kind: "click", x: 5, y: 3 } });
    key("b");
    key("Enter");
    key("ArrowRight", { ctrlKey: true });
    key("ArrowDown");
    key("Enter");
    expect(host.last()).toMatchObject({ prompt: { kind: "box", x0: 5, y0: 3, x1: 11, y1: 4 } });
    key("s");
    key("Enter");
    key("ArrowUp");
    key("Escape");
    expect(host.sent).toHaveLength(2);
    await settled();
    expect(root.querySelector<HTMLElement>(".sp-crosshair")!.hidden).toBe(false);
    key("Enter");
    key("ArrowLeft");
    key("ArrowLeft");
    root.blur(); // ends it as lifting the pointer would
    expect(host.last()).toMatchObject({ prompt: { kind: "scribble", points: [[11, 3], [9, 3]] } });
    pointer("pointermove", ...at(2, 2));
    expect(root.querySelector<HTMLElement>(".sp-crosshair")!.hidden).toBe(true);
  });

  it("sets window and level by a drag with W held, and until the next W when it was tapped", async () => {
    await mount();
    const before = root.querySelector<HTMLElement>(".sp-tags > *")!;
    key("w", { code: "KeyW" });
    drag([[2, 2], [9, 2]]);
    window.dispatchEvent(new KeyboardEvent("keyup", { key: "w", code: "KeyW" }));
    await settled();
    expect([host.sent.length, before.hidden]).toEqual([0, true]);
    key("w", { code: "KeyW" });
    window.dispatchEvent(new KeyboardEvent("keyup", { key: "w", code: "KeyW" }));
    drag([[2, 2], [9, 2]]);
    await settled();
    expect([host.sent.length, before.hidden]).toEqual([0, false]);
    key("Escape");
    drag([[2, 2], [9, 2]]);
    expect(host.sent).toHaveLength(1);
  });

  it("asks how probable the label is while that is shown, and again with every mask", async () => {
    await mount();
    key("u");
    await settled();
    expect(host.last()).toMatchObject({ type: "probability", label: 0, image: 0 });
    const reply = (version: number): void =>
      host.say({ type: "probability", id: host.last().id, version, label: 0, x: 0, y: 0, width: 12, height: 8, shape: [1, 1] }, [new Uint8Array(1)]);
    reply(0);
    await settled();
    expect(host.sent).toHaveLength(1);
    drag([[2, 2], [5, 2]]);
    await settled();
    expect(host.types()).toEqual(["probability", "prompt"]);
    host.update(host.last().id, 1, 0, { width: 3 });
    await settled();
    expect(host.types()).toEqual(["probability", "prompt", "probability"]);
    reply(1);
    key("u");
    key("u");
    host.update(null, 2, 1, { width: 4 });
    await settled();
    expect(host.sent).toHaveLength(3);
  });

  it("shows the mask before the last update while a key is held", async () => {
    await mount();
    drag([[2, 2]]);
    host.update(host.last().id, 1, 0, { width: 3 });
    host.update(null, 2, 1, { x: 5, width: 4 });
    await settled();
    expect(text(".sp-facts")).toContain("14 px");
    key("`", { code: "Backquote" });
    await settled();
    expect(text(".sp-facts")).toContain("6 px");
    window.dispatchEvent(new KeyboardEvent("keyup", { key: "`", code: "Backquote" }));
    await settled();
    expect(text(".sp-facts")).toContain("14 px");
  });

  it("asks for undo, redo and clear only when there is something", async () => {
    await mount();
    key("z", { ctrlKey: true });
    key("y", { ctrlKey: true });
    key("r");
    expect(host.sent).toHaveLength(0);
    host.set({ _can: { undo: true, redo: true } });
    host.update(null, 1, 0, undefined, [{ label: 0, kept: 0, added: [CLICK] }]);
    key("z", { ctrlKey: true });
    key("Z", { ctrlKey: true, shiftKey: true });
    key("r");
    expect(host.types()).toEqual(["undo", "redo", "clear"]);
    expect(host.last()).toMatchObject({ label: 0 });
  });

  it("asks for a redo while an undo waits for its answer", async () => {
    await mount();
    host.set({ _can: { undo: true, redo: false } });
    key("z", { ctrlKey: true });
    key("Z", { ctrlKey: true, shiftKey: true });
    expect(host.types()).toEqual(["undo", "redo"]);
  });

  it("offers several labels as chips and by number, and one not at all", async () => {
    await mount();
    expect(root.querySelector<HTMLElement>(".sp-labels")!.hidden).toBe(true);
    expect(key("1").defaultPrevented).toBe(false);
    end();
    await mount({ _labels: LABELS, _prompts: { version: 0, lists: [[], []] } });
    expect(root.querySelector<HTMLElement>(".sp-labels")!.hidden).toBe(false);
    key("2");
    await settled();
    expect(host.traits.label).toBe("vessel");
    expect(text(".sp-facts")).toContain("vessel");
    drag([[1, 1], [4, 4]]);
    expect(host.last()).toMatchObject({ label: 1 });
    expect(key("3").defaultPrevented).toBe(false);
    button(/^lesion/).click();
    expect(host.traits.label).toBe("lesion");
  });

  it("says what went wrong, and tries again", async () => {
    await mount();
    drag([[2, 2]]);
    host.say({ type: "error", id: host.last().id, text: "ValueError: out of memory" });
    await settled();
    expect(root.dataset.state).toBe("error");
    expect(text(".sp-bar")).toContain("ValueError: out of memory");
    button(/^Retry/).click();
    expect(host.types()).toEqual(["prompt", "prompt"]);
    expect(host.sent[0]!.id).not.toBe(host.sent[1]!.id);
    await settled();
    expect(root.querySelector<HTMLElement>(".sp-bar")!.hidden).toBe(true);
  });

  it("says busy, then lost, offers what was drawn, and recovers with a late answer", async () => {
    await mount();
    drag([[2, 2]]);
    clock.go(900);
    await settled();
    expect([root.dataset.state, text(".sp-state")]).toEqual(["busy", "kernel busy"]);
    clock.go(10_000);
    await settled();
    expect(root.dataset.state).toBe("lost");
    expect(text(".sp-bar")).toMatch(/^No answer from the kernel\./);
    root.querySelector<HTMLButtonElement>(".sp-bar button")!.click();
    await settled();
    expect(root.querySelector("textarea")!.value).toContain("w.add_scribble([(2.0, 2.0)], width=1.0)");
    host.update(host.last().id, 1, 0, {});
    await settled();
    expect(root.dataset.state).toBe("ready");
    expect(root.querySelector<HTMLElement>(".sp-bar")!.hidden).toBe(true);
  });

  it("says that the kernel is gone in the middle of a stroke, and what to do", async () => {
    await mount();
    pointer("pointerdown", ...at(2, 2));
    pointer("pointermove", ...at(5, 2));
    host.lose();
    await settled();
    expect([root.dataset.state, text(".sp-state")]).toEqual(["gone", "disconnected"]);
    expect(text(".sp-bar")).toMatch(/restarted.*[Rr]un .*cells? .*again/);
    pointer("pointerup", ...at(9, 2));
    clock.go(2000);
    await settled();
    expect(root.dataset.state).toBe("gone");
    button(/^Copy as Python$/).click();
    await settled();
    expect(root.querySelector("textarea")!.value).toContain("w.add_scribble([(2.0, 2.0), (9.0, 2.0)]");
  });

  it("opens and closes its panels, and Esc closes before it leaves", async () => {
    await mount();
    key("?");
    const help = root.querySelector<HTMLElement>(".sp-help")!;
    expect(help.hidden).toBe(false);
    key("Escape");
    expect(help.hidden).toBe(true);
    button(/^View/).click();
    const panel = root.querySelector<HTMLElement>(".sp-popover[aria-label=View]")!;
    expect(panel.hidden).toBe(false);
    drag([[2, 2]]);
    await settled();
    expect(panel.hidden).toBe(true);
    root.focus();
    key("Escape");
    expect(document.activeElement).not.toBe(root);
  });

  it("takes the focus into what a key opens, and back to where it was", async () => {
    await mount();
    const pressed = (element: HTMLElement): void => {
      element.focus();
      element.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
      element.click();
    };
    const view = button(/^View/);
    expect(view.getAttribute("aria-haspopup")).toBe("dialog");
    pressed(view);
    await settled();
    expect(document.activeElement!.closest("[role=dialog]")!.getAttribute("aria-label")).toBe("View");
    document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(document.activeElement).toBe(view);

    const more = button(/keys$/);
    pressed(more);
    pressed(button(/^Keys and gestures$/)); // from one to the next
    expect(document.activeElement!.closest("[role=dialog]")!.getAttribute("aria-label")).toBe("Keys and gestures");
    pressed(button(/^Close/));
    expect(document.activeElement).toBe(more);

    root.focus();
    key("?");
    expect(root.querySelector(".sp-help")!.contains(document.activeElement)).toBe(true);
    document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: "?", bubbles: true }));
    expect(document.activeElement).toBe(root);

    pressed(more);
    pressed(button(/^Copy as Python$/));
    await settled();
    expect(document.activeElement).toBe(button(/^Copy$/));
    document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(document.activeElement).toBe(more);
  });

  it("chooses labels by arrow keys, with one stop for the Tab key", async () => {
    await mount({ _labels: LABELS, _prompts: { version: 0, lists: [[], []] } });
    const chips = [...root.querySelectorAll<HTMLButtonElement>(".sp-chip")];
    const press = async (name: string): Promise<void> => {
      document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
      await settled();
    };
    const stops = (): number[] => chips.map((chip) => chip.tabIndex);
    expect(stops()).toEqual([0, -1]);
    chips[0]!.focus();
    await press("ArrowRight");
    expect([document.activeElement, host.traits.label]).toEqual([chips[1], "vessel"]);
    expect(stops()).toEqual([-1, 0]);
    await press("ArrowDown"); // round
    expect([document.activeElement, host.traits.label]).toEqual([chips[0], "lesion"]);
    await press("ArrowUp");
    expect(host.traits.label).toBe("vessel");
  });

  it("begins anew with another image", async () => {
    await mount();
    drag([[2, 2]]);
    host.update(host.last().id, 1, 0, { width: 4 });
    await settled();
    const data = new DataView(new ArrayBuffer(40 * 20));
    host.set({ _image: { ...host.traits._image, version: 2, shape: [20, 40], data } });
    host.update(null, 2, null, undefined, [{ label: 0, kept: 0, added: [] }]);
    await settled();
    expect(root.dataset).toMatchObject({ maskVersion: "2", prompts: "0", state: "ready" });
    expect(text(".sp-facts")).toBe("lesion0 px0 prompts");
    expect(canvas.getAttribute("aria-label")).toContain("40 × 20");
    expect(Number(canvas.dataset.imageRect!.split(",")[2])).toBe(16);
  });

  it("says so when the picture's data did not arrive", async () => {
    await mount();
    host.set({ _image: { ...host.traits._image, data: undefined as never } });
    await settled();
    expect(text(".sp-missing")).toMatch(/did not arrive/);
  });

  it("lives beside another view of the same widget", async () => {
    await mount();
    const second = document.body.appendChild(document.createElement("div"));
    const endSecond = mountSegmenter(second, host, clock);
    await settled();
    drag([[2, 2]]);
    host.update(host.last().id, 1, 0, { width: 4 });
    await settled();
    for (const one of [el, second]) expect(one.querySelector<HTMLElement>(".sp-segmenter")!.dataset).toMatchObject({ maskVersion: "1", state: "ready" });
    endSecond();
    expect(second.querySelector(".sp-segmenter")).toBeNull();
    drag([[3, 3]]);
    expect(host.types().filter((type) => type === "prompt")).toHaveLength(2);
    second.remove();
  });

  it("leaves nothing behind", async () => {
    await mount();
    drag([[2, 2]]);
    end();
    expect([host.listeners, clock.set, el.querySelector(".sp-segmenter")]).toEqual([0, 0, null]);
    end = () => {};
  });
});
