import { describe, expect, it } from "vitest";
import type { Raster } from "../src/protocol";
import { asPython } from "../src/python";
import { NOTHING } from "../src/truth";

const one = [{ name: "lesion", color: "#000000" }];

describe("copy as Python", () => {
  it("writes each prompt as one call", () => {
    const code = asPython(one, [
      [
        { kind: "click", x: 12, y: 34.5, positive: false },
        { kind: "click", x: -0.5, y: 1 / 3, positive: true },
        { kind: "box", x0: 1, y0: 2, x1: 30, y1: 40 },
        { kind: "scribble", points: [[1, 2], [3.456, 4]], positive: false, width: 6 },
        { kind: "scribble", points: [[1e-7, 2]], positive: true, width: 0.004 },
      ],
    ]);
    expect(code.split("\n")).toEqual([
      "# w = sp.Segmenter(image)",
      "w.add_click(12.0, 34.5, positive=False)",
      "w.add_click(-0.5, 0.3333333333333333)",
      "w.add_box(1.0, 2.0, 30.0, 40.0)",
      "w.add_scribble([(1.0, 2.0), (3.456, 4.0)], positive=False, width=6.0)",
      "w.add_scribble([(1e-7, 2.0)], width=0.004)",
    ]);
  });

  it("names the label before its prompts when there are several", () => {
    const labels = [...one, { name: 'left "LV"', color: "#ffffff" }, { name: "none", color: "#ffffff" }];
    const click = { kind: "click", x: 1, y: 2, positive: true } as const;
    expect(asPython(labels, [[click], [click], []])).toBe(
      '# w = sp.Segmenter(image, labels=["lesion", "left \\"LV\\"", "none"])\n' +
        'w.label = "lesion"\nw.add_click(1.0, 2.0)\nw.label = "left \\"LV\\""\nw.add_click(1.0, 2.0)',
    );
  });

  it("says what is done to the mask, and what is not in the code", () => {
    const entry = { ...NOTHING, threshold: 0.2, keep_largest: true, smooth: 1.5, started: true, edits: 2 };
    expect(asPython([...one, { name: "b", color: "#ffffff" }], [[], []], [NOTHING, entry]).split("\n").slice(1)).toEqual([
      'w.label = "b"',
      "w.finish(threshold=0.2, keep_largest=True, smooth=1.5)",
      "# Not in this code: 2 painted edits, 1 starting mask.",
    ]);
  });

  it("wraps long strokes", () => {
    const points = Array.from({ length: 60 }, (_, i): [number, number] => [i, -i]);
    const lines = asPython(one, [[{ kind: "scribble", points, positive: true, width: 3 }]]).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(96);
    expect(lines[1]).toBe("w.add_scribble([");
    expect(lines[lines.length - 1]).toBe("], width=3.0)");
    expect(lines.join("").match(/\(/g)).toHaveLength(60 + 2);
  });

  it("never writes minus zero", () => {
    expect(asPython(one, [[{ kind: "click", x: -0, y: 0, positive: true }]])).toContain("w.add_click(0.0, 0.0)");
  });

  it("repeats scribbles that Python gave as pixels, and says what of them is lost", () => {
    const raster = (positive: boolean, runs: number[]): Raster => ({ kind: "scribble", positive, shape: [4, 6], runs });
    const many = Array.from({ length: 80 }, (_, i) => i);
    const lines = asPython(one, [[raster(true, [0, 3, 7, 1]), raster(false, many)]]).split("\n");
    expect(lines.slice(0, 13)).toEqual([
      "# w = sp.Segmenter(image)",
      "import numpy as np",
      "",
      "",
      "def raster(height, width, *runs):  # start and length of each run of pixels, in row order",
      "    pixels = np.zeros(height * width)",
      "    for start, length in zip(runs[::2], runs[1::2]):",
      "        pixels[start : start + length] = 1  # values between 0 and 1 became 1",
      "    return pixels.reshape(height, width)",
      "",
      "",
      "w.add_scribble(raster=raster(4, 6, 0, 3, 7, 1))",
      "w.add_scribble(raster=raster(4, 6,",
    ]);
    expect(lines[lines.length - 1]).toBe("), positive=False)");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(96);
    expect(lines.slice(13, -1).join("").match(/\d+/g)!.map(Number)).toEqual(many);
  });
});
