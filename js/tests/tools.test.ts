// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Entry, Prompt } from "../src/protocol";
import { mountSegmenter } from "../src/segmenter";
import { FakeClock } from "./fakeclock";
import { FakeHost, nameOf } from "./fakehost";

HTMLCanvasElement.prototype.getContext = (() => null) as never;

const CLICK: Prompt = { kind: "click", x: 3, y: 3, positive: true };
const BOX: Prompt = { kind: "box", x0: 5, y0: 1, x1: 10, y1: 6 };
const ENTRY: Entry = { edits: 0, threshold: 0.5, fill_holes: false, keep_largest: false, smooth: 0, started: false, taken: false, locked: false, objects: 0, removable: false };
const LABELS = [
  { name: "cell", color: "#56b4e9", rank: 0 },
  { name: "vessel", color: "#e69f00", rank: 1 },
];

describe("the tools", () => {
  let host: FakeHost;
  let clock: FakeClock;
  let el: HTMLElement;
  let root: HTMLElement;
  let canvas: HTMLElement;
  let end: () => void;
  const frames: (() => void)[] = [];

  async function mount(traits = {}, prompts: Prompt[] = []): Promise<void> {
    host = new FakeHost({ _prompts: { version: 0, lists: [prompts] }, ...traits });
    clock = new FakeClock();
    el = document.body.appendChild(document.createElement("div"));
    end = mountSegmenter(el, host, clock);
    root = el.querySelector(".sp-segmenter")!;
    canvas = root.querySelector(".sp-canvas")!;
    await settled();
  }

  async function settled(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await Promise.resolve();
      await new Promise((resolve) => setTimeout(resolve));
      frames.splice(0).forEach((frame) => frame());
    }
  }

  function pointer(type: string, x: number, y: number, more: MouseEventInit = {}): void {
    const [left, top, scale] = canvas.dataset.imageRect!.split(",").map(Number) as [number, number, number];
    const place = { clientX: left + (x + 0.5) * scale, clientY: top + (y + 0.5) * scale };
    const event = new MouseEvent(type, { ...place, bubbles: true, cancelable: true, ...more });
    Object.assign(event, { pointerId: 1, pointerType: "mouse", isPrimary: true });
    canvas.dispatchEvent(event);
  }

  function drag(points: [number, number][], more: MouseEventInit = {}): void {
    pointer("pointerdown", ...points[0]!, more);
    for (const point of points.slice(1)) pointer("pointermove", ...point, { buttons: 1, ...more });
    pointer("pointerup", ...points[points.length - 1]!, more);
  }

  function key(name: string, more: KeyboardEventInit = {}): KeyboardEvent {
    const event = new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more });
    root.dispatchEvent(event);
    return event;
  }

  const text = (selector: string): string => root.querySelector(selector)!.textContent!;
  const button = (title: RegExp): HTMLButtonElement =>
    [...root.querySelectorAll("button")].find((one) => title.test(one.title || nameOf(one)))!;
  const dialog = (name: string): HTMLElement => root.querySelector(`[role=dialog][aria-label="${name}"]`)!;
  const fill = (input: HTMLInputElement, value: string): void => {
    input.value = value;
    for (const type of ["input", "change"]) input.dispatchEvent(new Event(type, { bubbles: true }));
  };

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

  it("beyond the first three are behind one button, which shows what is in hand", async () => {
    await mount();
    const tools = button(/^Lasso, circle/);
    expect(tools.textContent).toBe("Tools");
    tools.click();
    expect(dialog("Tools").hidden).toBe(false);
    [...dialog("Tools").querySelectorAll("button")].find((one) => one.textContent!.startsWith("Circle"))!.click();
    await settled();
    expect([dialog("Tools").hidden, root.dataset.tool, tools.textContent, tools.getAttribute("aria-pressed")]).toEqual([true, "circle", "Circle", "true"]);
    expect(text(".sp-hint")).toMatch(/from the middle/);
    key("s");
    await settled();
    expect([root.dataset.tool, tools.textContent, text(".sp-hint")]).toEqual(["scribble", "Tools", ""]);
  });

  it("select, move and delete a prompt, each in one message", async () => {
    await mount({}, [CLICK, BOX]);
    key("v");
    drag([[3, 3]]);
    expect(host.sent).toHaveLength(0);
    drag([[3, 3], [4, 5]]);
    expect(host.last()).toMatchObject({ type: "reprompt", label: 0, changes: [{ index: 0, prompts: [{ ...CLICK, x: 4, y: 5 }] }] });
    host.update(host.last().id, 1, 0, {}, [{ label: 0, kept: 0, added: [{ ...CLICK, x: 4, y: 5 }, BOX] }]);
    // Undone, it is still the selected one.
    host.update(null, 2, 1, {}, [{ label: 0, kept: 0, added: [CLICK, BOX] }]);
    key("Delete");
    expect(host.last()).toMatchObject({ type: "reprompt", changes: [{ index: 0, prompts: [] }] });
  });

  it("keep a prompt selected while it is there, and no other in its place", async () => {
    await mount({}, [CLICK, BOX]);
    key("v");
    drag([[5, 3]]);
    // Another was taken away before it.
    host.update(null, 1, 0, {}, [{ label: 0, kept: 0, added: [BOX] }]);
    expect(key("Delete").defaultPrevented).toBe(false);
    drag([[5, 3]]);
    host.update(null, 2, 1, {}, [{ label: 0, kept: 1, added: [CLICK] }]);
    expect(key("Delete").defaultPrevented).toBe(true);
    expect(host.last()).toMatchObject({ type: "reprompt", changes: [{ index: 0, prompts: [] }] });
    host.update(host.last().id, 3, 2, {}, [{ label: 0, kept: 0, added: [CLICK] }]);
    drag([[3, 3]]);
    host.update(null, 4, 3, {}, [{ label: 0, kept: 0, added: [BOX, CLICK] }]);
    expect(key("Delete").defaultPrevented).toBe(false);
  });

  it("change nothing while a stroke is on its way", async () => {
    await mount({}, [CLICK, BOX]);
    drag([[1, 1], [8, 1]]);
    key("v");
    drag([[3, 3], [4, 5]]);
    expect(host.types()).toEqual(["prompt"]);
    expect(text(".sp-hint")).toMatch(/one moment/i);
    host.update(host.last().id, 1, 0, {}, [{ label: 0, kept: 2, added: [CLICK] }]);
    drag([[3, 3], [4, 5]]);
    expect(host.types()).toEqual(["prompt", "reprompt"]);
  });

  it("say why nothing came of a lasso", async () => {
    await mount();
    key("l");
    drag([[2, 2], [8, 2]]);
    expect(text(".sp-hint")).toBe("A lasso goes around something.");
    key("s");
    drag([[-3, -3], [-2, -4]]);
    expect(text(".sp-hint")).toBe("That was beside the picture.");
    expect(host.sent).toHaveLength(0);
  });

  it("drop a stroke of the keyboard's when another image comes", async () => {
    await mount();
    key("ArrowRight");
    key("Enter");
    key("ArrowRight");
    host.set({ _image: { ...host.traits._image, version: 1 } });
    await settled();
    expect(host.types()).not.toContain("prompt");
    key("ArrowRight");
    key("Enter");
    key("Enter");
    expect(host.last()).toMatchObject({ type: "prompt", image: 1 });
  });

  it("take up again an object that is done, where nothing is in hand that was worked on", async () => {
    await mount({ _labels: LABELS, label: "cell", _prompts: { version: 0, lists: [[], []] } });
    host.update(null, 1, 0, { label: 1, layer: 2, x: 5, y: 4 }, []);
    key("v");
    drag([[9, 1]]);
    drag([[6, 5], [1, 1]]); // no click
    expect(host.sent).toHaveLength(0);
    drag([[6, 5]]);
    expect(host.last()).toMatchObject({ type: "resume", x: 6, y: 5 });
    expect([host.traits.label, text(".sp-hint")]).toEqual(["cell", ""]);
    host.set({ _entries: [ENTRY, { ...ENTRY, started: true, taken: true }] });
    host.update(host.last().id, 2, 1, { label: 1 }, []);
    host.set({ label: "vessel" });
    expect(text(".sp-hint")).toMatch(/^In hand: draw to mend it/);
    drag([[6, 5]]); // the kernel puts the other one down
    expect(host.types()).toEqual(["resume", "resume"]);
    host.update(host.last().id, 3, 2, { label: 1 }, []);
    host.set({ _entries: [ENTRY, { ...ENTRY, started: true }], label: "cell" });
    drag([[6, 5]]);
    expect(host.types()).toHaveLength(2);
    expect([host.traits.label, text(".sp-hint")]).toEqual(["vessel", expect.stringMatching(/^First put down/)]);
  });

  it("say nothing of an object that could not be taken up, and take up none that is not seen", async () => {
    await mount({ _labels: LABELS, label: "vessel", _prompts: { version: 0, lists: [[], []] } });
    host.update(null, 1, 0, { label: 1, layer: 2, x: 5, y: 4 }, []);
    key("v");
    drag([[6, 5]]);
    host.say({ type: "error", id: host.last().id, text: "no" });
    await settled();
    expect([host.traits.label, text(".sp-hint")]).toEqual(["vessel", ""]);
    key("n");
    root.querySelector<HTMLInputElement>(".sp-popover:not([hidden]) input[type=checkbox]")!.click();
    drag([[6, 5]]);
    expect(host.types()).toEqual(["resume"]);
  });

  it("delete an object that was taken up, and nothing once it was mended", async () => {
    await mount({ _can: { undo: true, redo: false } });
    host.update(null, 1, 0, { layer: 2, x: 5, y: 4 }, []);
    key("v");
    drag([[6, 5]]);
    expect(key("Delete").defaultPrevented).toBe(false);
    host.set({ _entries: [{ ...ENTRY, started: true, taken: true }] });
    host.update(host.last().id, 2, 1, { x: 5, y: 4 }, []);
    await settled();
    expect(key("Delete").defaultPrevented).toBe(true);
    expect(host.last()).toMatchObject({ type: "clear", label: 0 });
    expect(key("Delete").defaultPrevented).toBe(false);
    host.update(host.last().id, 3, 2, { layer: 2, x: 5, y: 4 }, []);
    host.set({ _entries: [{ ...ENTRY, started: true }] });
    await settled();
    expect(key("Delete").defaultPrevented).toBe(false);
    expect(host.types()).toEqual(["resume", "clear"]);
  });

  it("leave the Delete key alone where nothing is selected", async () => {
    await mount({}, [CLICK]);
    expect(key("Delete").defaultPrevented).toBe(false);
    key("v");
    drag([[3, 3]]);
    key("Escape");
    expect(key("Backspace").defaultPrevented).toBe(false);
    expect(host.sent).toHaveLength(0);
  });

  it("wait with changes until it is known which prompt is which", async () => {
    await mount({ _can: { undo: true, redo: false } }, [CLICK, BOX]);
    key("z", { ctrlKey: true });
    key("v");
    drag([[3, 3], [4, 5]]);
    expect(host.types()).toEqual(["undo"]);
    expect(text(".sp-hint")).toMatch(/one moment/i);
  });

  it("try a refused change again, but not once its prompts are others", async () => {
    await mount({}, [CLICK, BOX]);
    const refused = async (): Promise<void> => {
      host.say({ type: "error", id: host.last().id, text: "no" });
      await settled();
    };
    key("v");
    drag([[3, 3], [4, 5]]);
    await refused();
    button(/^Retry$/).click();
    expect(host.types()).toEqual(["reprompt", "reprompt"]);
    await refused();
    host.update(null, 1, 0, undefined, [{ label: 0, kept: 2, added: [CLICK] }]);
    await settled();
    expect(button(/^Retry$/)).toBeDefined();
    host.update(null, 2, 1, undefined, [{ label: 0, kept: 0, added: [BOX] }]);
    await settled();
    expect(button(/^Retry$/)).toBeUndefined();
    expect(text(".sp-bar")).toContain("no");
  });

  it("try a refused stroke of paint again", async () => {
    await mount();
    key("d");
    drag([[2, 2], [5, 2]]);
    const { id, ...command } = host.last();
    host.say({ type: "error", id, text: "no" });
    await settled();
    button(/^Retry$/).click();
    expect(host.last()).toMatchObject(command);
  });

  it("erase what they touch, in one message", async () => {
    const stroke: Prompt = { kind: "scribble", points: [[0, 7], [11, 7]], positive: true, width: 1 };
    await mount({}, [CLICK, stroke]);
    key("e");
    drag([[3, 3], [6, 3], [6, 7]]);
    const { changes } = host.last() as { changes: { index: number; prompts: Prompt[] }[] };
    expect(host.sent).toHaveLength(1);
    expect(changes.map(({ index, prompts }) => [index, prompts.length])).toEqual([[0, 0], [1, 2]]);
    drag([[10, 1]]);
    expect(host.sent).toHaveLength(1);
  });

  it("take a drag as a lasso and taps as corners, which can be taken back", async () => {
    await mount();
    key("l");
    drag([[1, 1], [6, 1], [6, 6], [1, 6], [1, 2]]);
    expect(host.last()).toMatchObject({ type: "prompt", prompt: { kind: "lasso", positive: true } });
    drag([[1, 1]]);
    drag([[9, 1]]);
    key("Enter");
    expect(text(".sp-hint")).toMatch(/three corners/);
    drag([[11, 7]]);
    key("z", { ctrlKey: true }); // a corner, no step
    drag([[9, 6]], { button: 2 });
    expect(host.sent).toHaveLength(1);
    drag([[1, 1]]);
    expect(host.last()).toMatchObject({ prompt: { kind: "lasso", points: [[1, 1], [9, 1], [9, 6]], positive: true } });
    drag([[1, 1]]);
    key("s"); // and no polygon is left over
    key("l");
    expect(key("Enter").defaultPrevented).toBe(false);
    expect(host.sent).toHaveLength(2);
  });

  it("paint the mask by brush, lasso and circle, and are back at prompts with S", async () => {
    await mount();
    key("d");
    await settled();
    expect(root.dataset).toMatchObject({ direct: "true", tool: "scribble" });
    drag([[2, 2], [5, 2]], { button: 2 });
    expect(host.last()).toMatchObject({ type: "paint", label: 0, prompt: { kind: "scribble", positive: false } });
    key("o");
    drag([[5, 4], [8, 4]]);
    expect(host.last()).toMatchObject({ type: "paint", prompt: { kind: "lasso", positive: true } });
    key("s");
    drag([[2, 2], [5, 2]]);
    expect(host.last()).toMatchObject({ type: "prompt" });
    key("o");
    key("d");
    drag([[2, 2], [5, 2]]);
    expect(host.last()).toMatchObject({ type: "paint", prompt: { kind: "scribble" } });
    key("s");
    key("b");
    key("d");
    key("d"); // hit by mistake
    await settled();
    expect(root.dataset).toMatchObject({ direct: "false", tool: "box" });
    expect(host.types()).not.toContain("preview");
  });

  it("remove the last label while it is unused, and keep hidden what is", async () => {
    const three = [...LABELS, { name: "bone", color: "#cc79a7", rank: 2 }];
    const last = { ...ENTRY, removable: true };
    await mount({ _labels: three, label: "vessel", _prompts: { version: 0, lists: [[], [], []] }, _entries: [ENTRY, ENTRY, last] });
    const named = (name: RegExp): HTMLButtonElement => [...root.querySelectorAll("button")].find((one) => name.test(nameOf(one)))!;
    button(/^Change the label/).click();
    const hide = dialog("Label").querySelector<HTMLInputElement>("input[type=checkbox]")!;
    hide.click();
    await settled();
    expect(named(/^Remove this label$/).hidden).toBe(true);
    host.set({ label: "bone" });
    await settled();
    hide.click();
    await settled();
    expect(root.querySelectorAll(".sp-off")).toHaveLength(2);
    named(/^Remove this label$/).click();
    expect(dialog("Label").hidden).toBe(true); // the label that comes next is not to be renamed
    expect(document.activeElement).not.toBe(document.body);
    expect(host.last()).toMatchObject({ type: "unlabel", label: 2 });
    await settled();
    named(/^Add a label$/).click();
    expect(host.last()).toMatchObject({ type: "labels", labels: [{ name: "cell" }, { name: "vessel" }, { name: "label 3" }] });
    host.update(host.sent[1]!.id, 1, 0);
    host.set({ _labels: LABELS, label: "vessel", _entries: [ENTRY, last] });
    button(/^Change the label/).click();
    await settled();
    expect([...root.querySelectorAll(".sp-off")].map((chip) => chip.textContent)).toEqual(["2vessel"]);
    expect(named(/^Remove this label$/).hidden).toBe(false);
    host.set({ _entries: [ENTRY, ENTRY] });
    await settled();
    expect(named(/^Remove this label$/).hidden).toBe(true);
  });

  it("finish the mask, and show what was asked before it is answered", async () => {
    await mount({ _entries: [{ ...ENTRY, edits: 2 }] });
    button(/keys$/).click();
    button(/^Finish the mask$/).click();
    const panel = dialog("Finish the mask");
    const [smooth, cutoff] = [...panel.querySelectorAll<HTMLInputElement>("input[type=range]")];
    fill(smooth!, "4");
    expect(host.last()).toMatchObject({ type: "finish", label: 0, smooth: 4 });
    fill(cutoff!, "70");
    expect(host.last()).toMatchObject({ type: "finish", threshold: 0.7 });
    await settled();
    expect([smooth!.value, cutoff!.value]).toEqual(["4", "70"]);
    panel.querySelector<HTMLInputElement>("input[type=checkbox]")!.click();
    expect(host.last()).toMatchObject({ type: "finish", fill_holes: true });
    button(/^Remove 2 painted edits$/).click();
    expect(host.last()).toMatchObject({ type: "unpaint", label: 0 });
    button(/^Reset$/).click();
    expect(host.last()).toMatchObject({ type: "finish", threshold: 0.5, fill_holes: false, keep_largest: false, smooth: 0 });
  });

  it("show how smooth Python made it, beyond what the slider gives", async () => {
    await mount({ _entries: [{ ...ENTRY, smooth: 30 }] });
    button(/keys$/).click();
    button(/^Finish the mask$/).click();
    const smooth = dialog("Finish the mask").querySelector<HTMLInputElement>("input[type=range]")!;
    expect([smooth.value, smooth.max]).toEqual(["30", "30"]);
  });

  it("add a label, which becomes the active one and is named", async () => {
    await mount();
    button(/keys$/).click();
    button(/^Label$/).click();
    button(/^Add a label$/).click(); // the row of labels has one of its own
    [...dialog("Label").querySelectorAll("button")].find((one) => nameOf(one) === "Add a label")!.click();
    const { labels } = host.last() as unknown as { labels: { name: string; color: string; rank: number }[] };
    expect(labels.map(({ name, rank }) => [name, rank])).toEqual([["lesion", 0], ["label 2", 1], ["label 3", 2]]);
    expect(new Set(labels.map(({ color }) => color)).size).toBe(3);
    host.set({ _labels: labels });
    await settled();
    expect(host.traits.label).toBe("label 3");
    expect(document.activeElement).toBe(dialog("Label").querySelector("input"));
  });

  it("change a label without taking back the change before", async () => {
    await mount({ _labels: LABELS, label: "vessel", _prompts: { version: 0, lists: [[], []] } });
    button(/^Change the label/).click();
    const panel = dialog("Label");
    await settled();
    fill(panel.querySelector("input")!, "artery");
    panel.querySelector<HTMLButtonElement>(".sp-pick")!.click();
    expect(host.last()).toMatchObject({ type: "labels", labels: [LABELS[0], { name: "artery", color: "#56b4e9", rank: 1 }] });
    const sent = host.sent.length;
    button(/^Up:/).click(); // it is
    expect([host.sent.length, text(".sp-hint")]).toEqual([sent, "From the top: artery, cell"]);
    button(/^Down$/).click();
    expect(host.last()).toMatchObject({ labels: [{ name: "cell", rank: 1 }, { name: "artery", rank: 0 }] });
    expect(text(".sp-hint")).toBe("From the top: cell, artery");
    host.set({ _labels: [LABELS[0]!, { name: "artery", color: "#56b4e9" }] });
    await settled();
    expect(text(".sp-status .sp-name")).toBe("artery"); // before the active one's new name has come
    fill(panel.querySelector("input")!, "aorta");
    await settled();
    host.say({ type: "error", id: host.last().id, text: "labels takes names that differ" });
    await settled();
    expect(panel.querySelector("input")!.value).toBe("artery");
    expect(button(/^Retry$/)).toBeUndefined();
  });

  it("give a label no name that another has, and none that was typed before Esc", async () => {
    await mount({ _labels: LABELS, label: "vessel", _prompts: { version: 0, lists: [[], []] } });
    button(/^Change the label/).click();
    await settled();
    const name = dialog("Label").querySelector("input")!;
    fill(name, "cell");
    expect([text(".sp-hint"), name.value]).toEqual(["There is a cell already.", "vessel"]);
    name.value = "typed by mistake";
    name.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    name.dispatchEvent(new Event("change"));
    expect(host.sent).toHaveLength(0);
    await settled();
    expect([dialog("Label").hidden, name.value]).toEqual([true, "vessel"]);
  });

  it("lock a label: nothing can be drawn on it", async () => {
    await mount({ _labels: LABELS, label: "cell", _entries: [{ ...ENTRY, locked: true, objects: 3 }, ENTRY], _prompts: { version: 0, lists: [[], []] } });
    drag([[2, 2], [5, 2]]);
    expect(host.sent).toHaveLength(0);
    expect(text(".sp-hint")).toMatch(/^cell is locked/);
    host.update(null, 1, 0, {}, [{ label: 0, kept: 0, added: [CLICK] }]);
    for (const name of ["c", "r"]) {
      key("s"); // says nothing
      key(name);
      expect([host.sent.length, text(".sp-hint")]).toEqual([0, expect.stringMatching(/^cell is locked/)]);
    }
    expect(text(".sp-chip")).toBe("1cell× 3");
    button(/^Change the label/).click();
    [...dialog("Label").querySelectorAll<HTMLInputElement>("input[type=checkbox]")][1]!.click();
    expect(host.last()).toMatchObject({ type: "lock", label: 0, locked: false });
  });

  it("select past a locked label: its prompts stay, other labels' objects are taken up", async () => {
    const click: Prompt = { kind: "click", x: 2, y: 2, positive: true };
    await mount({ _labels: LABELS, label: "cell", _entries: [{ ...ENTRY, locked: true }, ENTRY], _prompts: { version: 0, lists: [[click], []] } });
    host.update(null, 1, 0, { label: 1, layer: 2, x: 5, y: 4 }, []);
    key("v");
    drag([[2, 2], [4, 4]]);
    expect(text(".sp-hint")).toMatch(/^cell is locked/);
    key("Delete");
    expect(host.sent).toHaveLength(0);
    expect(key("Escape").defaultPrevented).toBe(true); // it is selected still
    drag([[6, 5]]);
    expect(host.last()).toMatchObject({ type: "resume", x: 6, y: 5 });
  });

  it("select past a hidden label", async () => {
    const click: Prompt = { kind: "click", x: 2, y: 2, positive: true };
    await mount({ _labels: LABELS, label: "cell", _prompts: { version: 0, lists: [[click], []] } });
    host.update(null, 1, 0, { label: 1, layer: 2, x: 5, y: 4 }, []);
    key("n");
    root.querySelector<HTMLInputElement>(".sp-popover:not([hidden]) input[type=checkbox]")!.click();
    key("v");
    drag([[2, 2], [4, 4]]); // nobody sees that prompt
    expect(host.sent).toHaveLength(0);
    drag([[6, 5]]);
    expect(host.last()).toMatchObject({ type: "resume", x: 6, y: 5 });
  });

  it("commit an object, once there is one", async () => {
    await mount();
    key("c");
    expect(host.sent).toHaveLength(0);
    host.update(null, 1, 0, {});
    key("c");
    expect(host.last()).toMatchObject({ type: "commit", label: 0 });
    host.set({ _entries: [{ ...ENTRY, objects: 2 }] });
    await settled();
    expect(text(".sp-done")).toBe("2 objects");
  });

  it("say that prompts without a pixel are no object, and nothing that is past", async () => {
    await mount({ _prompts: { version: 0, lists: [[CLICK]] } });
    key("c");
    expect(host.sent).toHaveLength(0);
    expect(text(".sp-hint")).toMatch(/^No pixels, no object/);
    drag([[2, 2], [5, 2]]);
    key("c"); // before it is known what comes of it
    expect(host.types()).toEqual(["prompt", "commit"]);
    host.update(host.sent[0]!.id, 1, 0, undefined, [{ label: 0, kept: 1, added: [CLICK] }]);
    expect(text(".sp-hint")).toBe("");
    host.update(host.last().id, 1, 1);
    expect(text(".sp-hint")).toMatch(/^No pixels, no object/);
    key("r");
    host.update(host.last().id, 2, 1, undefined, [{ label: 0, kept: 0, added: [] }]);
    expect(text(".sp-hint")).toBe("");
  });

  it("show the history while it is open, and go to a step", async () => {
    await mount();
    button(/keys$/).click();
    button(/^History$/).click();
    const steps = [
      { action: "open", label: 0 },
      { action: "prompt", label: 0, kind: "scribble" as const, positive: false },
      { action: "edit prompts", label: 0 },
      { action: "finish", label: 0, finish: { fill_holes: true, smooth: 3 } },
      { action: "prompt", label: 0, kind: "lasso" as const, positive: true },
    ];
    const answer = (current: number): void => host.say({ type: "steps", id: host.last().id, current, steps });
    expect(host.last()).toMatchObject({ type: "steps" });
    answer(2);
    const items = (): HTMLButtonElement[] => [...dialog("History").querySelectorAll("button")];
    expect(items().map((item) => item.textContent)).toEqual([
      "0Picture opened",
      "1Scribble −",
      "2Edit prompts",
      "3Holes filled; Smoothed, 3 px",
      "4Lasso or circle +",
    ]);
    items()[0]!.click();
    expect(host.last()).toMatchObject({ type: "go", step: 0 });
    host.update(host.last().id, 1, 0);
    expect(host.last()).toMatchObject({ type: "steps" });
    answer(0);
    expect(items().findIndex((item) => item.getAttribute("aria-current") === "step")).toBe(0);
    key("Escape");
    const count = host.sent.length;
    host.update(null, 2, 1);
    expect(host.sent).toHaveLength(count);
  });
});
