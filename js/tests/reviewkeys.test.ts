import { describe, expect, it } from "vitest";
import { actionFor } from "../src/reviewkeys";

const press = (key: string, held: Partial<Record<"ctrlKey" | "metaKey" | "altKey" | "shiftKey", boolean>> = {}) =>
  actionFor({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

describe("keys of the grid", () => {
  it("moves, with Shift up to there, with Ctrl or Cmd without selecting", () => {
    expect(press("ArrowDown")).toEqual({ key: "ArrowDown", toggle: false, range: false });
    expect(press("End", { shiftKey: true })).toEqual({ key: "End", toggle: false, range: true });
    expect(press("ArrowLeft", { metaKey: true })).toEqual({ key: "ArrowLeft", toggle: true, range: false });
  });

  it("takes Space, Enter, Escape and Ctrl A", () => {
    for (const key of [" ", "Enter", "Escape"]) expect(press(key)).toEqual({ key, toggle: false, range: false });
    expect(press("A", { ctrlKey: true })?.key).toBe("all");
  });

  it("leaves the notebook and the browser what is theirs", () => {
    expect(press("Enter", { shiftKey: true })).toBeUndefined();
    expect(press("Enter", { ctrlKey: true })).toBeUndefined();
    expect(press("s", { ctrlKey: true })).toBeUndefined();
    expect(press("Tab")).toBeUndefined();
    expect(press("a")).toBeUndefined();
    expect(press("ArrowLeft", { altKey: true })).toBeUndefined();
  });
});
