// @vitest-environment jsdom
import { describe, expect, it, vi } from "vitest";
import { listenToKeys } from "../src/keyboard";
import { COMMANDS, commandFor, GESTURES, type KeyCommand } from "../src/keys";
import { makeHelp } from "../src/panels";

const press = (key: string, more: Partial<KeyboardEventInit> = {}): KeyboardEvent =>
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });

describe("keys", () => {
  it("are there for every command, are no one else's, and are in the help", () => {
    const keys = COMMANDS.flatMap((entry) => entry.keys);
    expect(new Set(keys).size).toBe(keys.length);
    const help = makeHelp(() => {}).textContent!;
    for (const entry of [...COMMANDS, ...GESTURES]) {
      expect(entry.shown).not.toBe("");
      expect(help).toContain(entry.shown);
      expect(help).toContain(entry.name);
    }
    for (const entry of COMMANDS) expect(entry.keys.length).toBeGreaterThan(0);
  });

  it.each([
    ["s", {}, "scribble"],
    ["S", {}, "scribble"], // caps lock
    ["z", { ctrlKey: true }, "undo"],
    ["z", { metaKey: true }, "undo"],
    ["Z", { ctrlKey: true, shiftKey: true }, "redo"],
    ["y", { ctrlKey: true }, "redo"],
    ["?", { shiftKey: true }, "help"],
    ["+", { shiftKey: true }, "zoomIn"],
    ["Escape", {}, "escape"],
    ["7", {}, "label"],
    ["ы", { code: "KeyS" }, "scribble"],
    ["[", { altKey: true, code: "Digit5" }, "thinner"], // Macs with a German keyboard
    ["]", { ctrlKey: true, altKey: true, code: "Digit9" }, "wider"], // AltGr, where it says Ctrl and Alt
    [",", {}, "thinner"], // where brackets are hard to type
    [".", {}, "wider"],
    ["ArrowDown", {}, "move"],
    ["ArrowLeft", { metaKey: true }, "move"],
    ["Enter", {}, "place"],
    [" ", {}, "pan"],
    ["Dead", { code: "Backquote" }, "previous"], // where it is an accent
  ])("%s %o is %s", (key, more, command) => {
    expect(commandFor(press(key, more))?.command.command).toBe(command);
  });

  it.each([
    ["s", { ctrlKey: true }],
    ["S", { shiftKey: true }],
    ["s", { altKey: true }],
    ["1", { altKey: true }],
    ["“", { altKey: true, code: "BracketLeft" }],
    ["[", { ctrlKey: true }],
    ["x", {}],
    ["ArrowDown", { shiftKey: true }],
    ["Enter", { shiftKey: true }],
    ["+", { ctrlKey: true }],
    ["0", { ctrlKey: true }],
    ["Tab", {}],
  ])("%s %o is not ours", (key, more) => {
    expect(commandFor(press(key, more))).toBeUndefined();
  });
});

describe("the keyboard", () => {
  function setUp() {
    document.body.innerHTML =
      "<div id=root tabindex=0><button></button><textarea></textarea></div><div id=cell tabindex=0></div><input id=field>";
    const root = document.getElementById("root")!;
    const run = vi.fn((_command: unknown, _key: string) => true);
    const hold = vi.fn();
    const end = listenToKeys(root, { run, hold });
    return { root, run, hold, end };
  }

  it("takes our keys and lets others go their way", () => {
    const { root, run } = setUp();
    const outside = vi.fn();
    document.body.addEventListener("keydown", outside);
    const ours = press("p");
    root.dispatchEvent(ours);
    expect(ours.defaultPrevented).toBe(true);
    expect(outside).not.toHaveBeenCalled();
    const theirs = press("x");
    root.dispatchEvent(theirs);
    expect(theirs.defaultPrevented).toBe(false);
    expect(outside).toHaveBeenCalledTimes(1);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("lets a key go when its command has nothing to do", () => {
    const { root, run } = setUp();
    run.mockReturnValue(false);
    const event = press("1");
    root.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(false);
  });

  it("keeps its own keys and plain letters from Lab, and no others", async () => {
    const { root } = setUp();
    const seen: boolean[] = [];
    const listen = (): unknown => seen.push(root.hasAttribute("data-lm-suppress-shortcuts"));
    document.addEventListener("keydown", listen, true);
    root.dispatchEvent(press("x"));
    root.dispatchEvent(press("s", { ctrlKey: true }));
    root.dispatchEvent(press("z", { ctrlKey: true }));
    root.dispatchEvent(press("Enter", { shiftKey: true }));
    root.dispatchEvent(press("Enter"));
    root.dispatchEvent(press("F5"));
    document.removeEventListener("keydown", listen, true);
    expect(seen).toEqual([true, false, true, false, true, false]);
    root.dispatchEvent(press("s", { ctrlKey: true }));
    await vi.waitFor(() => expect(root.hasAttribute("data-lm-suppress-shortcuts")).toBe(true));
  });

  it("keeps them from Lab where a control has the focus, too", () => {
    const { root } = setUp();
    const button = root.querySelector("button")!;
    const seen: boolean[] = [];
    const listen = (): unknown => seen.push(button.hasAttribute("data-lm-suppress-shortcuts"));
    document.addEventListener("keydown", listen, true);
    button.dispatchEvent(press("x"));
    button.dispatchEvent(press("ArrowRight"));
    button.dispatchEvent(press("s", { ctrlKey: true }));
    document.removeEventListener("keydown", listen, true);
    expect(seen).toEqual([true, true, false]);
  });

  it("leaves text alone, but for Esc", () => {
    const { root, run } = setUp();
    const text = root.querySelector("textarea")!;
    text.dispatchEvent(press("s"));
    expect(run).not.toHaveBeenCalled();
    text.dispatchEvent(press("Escape"));
    expect(run).toHaveBeenCalledTimes(1);
  });

  describe("while the pointer is over the widget and the focus on nothing that is typed into", () => {
    const point = (root: HTMLElement, type: string, movementX = 1): void => {
      root.dispatchEvent(new MouseEvent(type, { bubbles: true, movementX }));
    };
    /** Presses a key elsewhere; whether the notebook hears of it. */
    const reaches = (id: string, event: KeyboardEvent): boolean => {
      let heard = false;
      const listen = (): void => void (heard = true);
      document.addEventListener("keydown", listen, true);
      document.getElementById(id)!.dispatchEvent(event);
      document.removeEventListener("keydown", listen, true);
      return heard;
    };

    it("takes plain keys, ours or not, before the notebook deletes a cell by them", () => {
      const { root, run, hold } = setUp();
      expect(reaches("cell", press("b"))).toBe(true);
      point(root, "pointermove");
      for (const name of ["b", "x", "a", "1"]) expect(reaches("cell", press(name))).toBe(false);
      expect(run.mock.calls.map(([, key]) => key)).toEqual(["b", "1"]);
      expect(reaches("cell", press(" "))).toBe(false);
      expect(hold).toHaveBeenLastCalledWith("pan", true);
      window.dispatchEvent(new KeyboardEvent("keyup", { key: " " }));
      expect(hold).toHaveBeenLastCalledWith("pan", false);
      point(root, "pointerleave");
      expect(reaches("cell", press("b"))).toBe(true);
    });

    it("takes undo and what else changes the picture that is pointed at", () => {
      const { root, run } = setUp();
      point(root, "pointermove");
      for (const event of [press("z", { ctrlKey: true }), press("Delete")]) expect(reaches("cell", event)).toBe(false);
      expect(run.mock.calls.map(([found]) => (found as KeyCommand).command)).toEqual(["undo", "remove"]);
      expect(reaches("field", press("z", { ctrlKey: true }))).toBe(true);
      run.mockReturnValue(false); // there is nothing to undo
      expect(reaches("cell", press("z", { ctrlKey: true }))).toBe(true);
      expect(reaches("cell", press("r"))).toBe(false);
    });

    it("leaves the notebook its arrows, Enter and Ctrl S, and text its letters", () => {
      const { root, run } = setUp();
      point(root, "pointermove");
      for (const event of [press("ArrowDown"), press("Enter", { shiftKey: true }), press("Escape"), press("s", { ctrlKey: true })]) {
        expect(reaches("cell", event)).toBe(true);
      }
      expect(reaches("field", press("b"))).toBe(true);
      expect(run).not.toHaveBeenCalled();
    });

    it("does nothing when the page scrolled under the pointer, or Esc gave the keys back", () => {
      const { root, run } = setUp();
      point(root, "pointermove", 0);
      expect(reaches("cell", press("b"))).toBe(true);
      point(root, "pointermove");
      root.focus();
      run.mockImplementation(() => {
        root.blur();
        return true;
      });
      root.dispatchEvent(press("Escape"));
      point(root, "pointermove");
      expect(reaches("cell", press("b"))).toBe(true);
      point(root, "pointerleave");
      point(root, "pointermove");
      expect(reaches("cell", press("b"))).toBe(false);
    });
  });

  it("repeats only what may be repeated", () => {
    const { root, run } = setUp();
    root.dispatchEvent(press("t", { repeat: true }));
    expect(run).not.toHaveBeenCalled();
    root.dispatchEvent(press("]", { repeat: true }));
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("holds the picture with the space bar, but presses a button with it", () => {
    const { root, hold } = setUp();
    root.querySelector("button")!.dispatchEvent(press(" "));
    expect(hold).not.toHaveBeenCalled();
    root.dispatchEvent(press(" "));
    expect(hold).toHaveBeenLastCalledWith("pan", true);
    root.dispatchEvent(new KeyboardEvent("keyup", { key: " ", bubbles: true }));
    expect(hold).toHaveBeenLastCalledWith("pan", false);
  });

  it("hears nothing once it has ended", () => {
    const { root, run, end } = setUp();
    end();
    root.dispatchEvent(new MouseEvent("pointermove", { movementX: 1 }));
    root.dispatchEvent(press("p"));
    document.getElementById("cell")!.dispatchEvent(press("p"));
    expect(run).not.toHaveBeenCalled();
  });
});
