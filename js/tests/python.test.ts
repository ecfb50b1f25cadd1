import { describe, expect, it } from "vitest";
import { makeMasks } from "../src/planes";
import { asPython as write } from "../src/python";
import type { Entry, LabelTrait, Prompt, Raster } from "../src/protocol";
import { NOTHING } from "../src/truth";

const asPython = (labels: LabelTrait[], prompts: Prompt[][], entries: Entry[] = [], masks = makeMasks(6, 4), more: Prompt[] = []): string =>
  write(labels, (label) => prompts[label] ?? [], more.map((prompt) => ({ label: 0, prompt })), entries, masks);
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

  it("says what is done to the mask", () => {
    const entry = { ...NOTHING, threshold: 0.2, keep_largest: true, smooth: 1.5 };
    expect(asPython([...one, { name: "b", color: "#ffffff" }], [[], []], [NOTHING, entry]).split("\n").slice(1)).toEqual([
      'w.label = "b"',
      "w.finish(threshold=0.2, keep_largest=True, smooth=1.5)",
    ]);
  });

  it("repeats objects that are done, and what was painted or started from, as pixels", () => {
    const masks = makeMasks(6, 4);
    const bits = new Uint8Array([0b1011_0000]); // two columns and two rows: all but the second pixel
    const at = (x: number, layer: number): object => ({ label: 0, layer, x, y: 2, width: 2, height: 2, bits });
    masks.apply(null, 1, [at(0, 1), at(4, 3), at(2, 0)] as never);
    const click: Prompt = { kind: "click", x: 1, y: 2, positive: true };
    const code = (entry: Entry, more: Prompt[] = []): string[] => {
      const lines = asPython(one, [[click]], [entry], masks, more).split("\n");
      return lines.slice(lines.findIndex((line) => line.startsWith("for one")));
    };
    const object = (...runs: number[]): string[] => [
      `for one in parts(raster(4, 6, ${runs.join(", ")})):`,
      "    w.start_from(one)",
      "    w.commit()",
    ];
    const done = [...object(12, 1, 18, 2), ...object(16, 1, 22, 2)];
    expect(code({ ...NOTHING, objects: 2 })).toEqual([...done, "w.add_click(1.0, 2.0)"]);
    // Drawn again it would be another: what was painted is in no prompt. What the kernel has not answered comes after it.
    const inHand = "w.start_from(raster(4, 6, 14, 1, 20, 2))";
    expect(code({ ...NOTHING, started: true })).toEqual([...done, inHand]);
    expect(code({ ...NOTHING, edits: 1, smooth: 2 }, [click])).toEqual([...done, inHand, "w.add_click(1.0, 2.0)", "# w.finish(smooth=2.0)"]);
    // What is only looked at is done.
    expect(code({ ...NOTHING, started: true, taken: true })).toEqual([...object(14, 1, 20, 2), ...done]);
    masks.apply(null, 2, []);
    expect(asPython(one, [[click]], [{ ...NOTHING, edits: 1 }], masks)).toBe("# w = sp.Segmenter(image)"); // all was erased
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

  it("repeats scribbles that Python gave as pixels", () => {
    const raster = (positive: boolean, runs: number[]): Raster => ({ kind: "scribble", positive, shape: [4, 6], runs });
    const many = Array.from({ length: 80 }, (_, i) => i);
    const lines = asPython(one, [[raster(true, [0, 3, 7, 1]), raster(false, many)]]).split("\n");
    expect(lines[0]).toBe("# w = sp.Segmenter(image)");
    expect(lines).toContain("def raster(h, w, *runs):  # starts, lengths, in row order");
    const calls = lines.findIndex((line) => line.startsWith("w."));
    expect(lines.slice(calls, calls + 3)).toEqual([
      "w.add_scribble(raster=raster(4, 6, 0, 3, 7, 1))",
      "w.add_scribble(raster=raster(",
      expect.stringMatching(/^ {4}4, 6, 0, 1, 2, /),
    ]);
    expect(lines[lines.length - 1]).toBe("), positive=False)");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(96);
    expect(lines.slice(calls + 2, -1).join("").match(/\d+/g)!.map(Number)).toEqual([4, 6, ...many]);
  });
});
