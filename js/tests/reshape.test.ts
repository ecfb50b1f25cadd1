import { describe, expect, it } from "vitest";
import type { Box, Click, Lasso, Point, Prompt, Raster, Scribble } from "../src/protocol";
import { distanceTo, handlesOf, lineOf, middleOf, promptAt, reshaped, WHOLE } from "../src/reshape";

const image = { width: 60, height: 40 };
const click: Click = { kind: "click", x: 10, y: 10, positive: true };
const box: Box = { kind: "box", x0: 4, y0: 5, x1: 30, y1: 25 };
const scribble: Scribble = { kind: "scribble", points: [[8, 20], [20, 20], [28, 12]], positive: true, width: 4 };
const lasso: Lasso = { kind: "lasso", points: [[40, 5], [55, 5], [48, 30]], positive: false };
const raster: Raster = { kind: "scribble", positive: true, shape: [40, 60], runs: [60 * 35 + 50, 5] };

describe("what is under the pointer", () => {
  const prompts: Prompt[] = [click, scribble, box, lasso, raster];
  const at = (x: number, y: number, reach = 1): number => promptAt(prompts, [x, y], reach);

  it("is the line that is near, later ones first", () => {
    expect(at(10.5, 10)).toBe(0);
    expect(at(14, 22.5)).toBe(1); // half its width and half a pixel beside it
    expect(at(3, 15)).toBe(2);
    expect(at(44, 18)).toBe(3);
    expect(at(52, 35)).toBe(4);
    expect(promptAt([scribble, { ...scribble }], [20, 20], 1)).toBe(1);
  });

  it("is the nearest of those within reach", () => {
    expect(at(28, 14, 4)).toBe(1); // on the stroke; the box's edge is 2.5 pixels away
    expect(at(30, 9.5, 4)).toBe(2);
    expect(promptAt([scribble, { ...click, x: 12, y: 20 }], [12.4, 20.3], 4)).toBe(1); // on both: the later one
  });

  it("is an area only where no line is near", () => {
    expect(at(15, 8)).toBe(2);
    expect(at(48, 10)).toBe(3);
    expect(at(35, 35)).toBe(-1);
  });

  it("reaches further where more is in reach", () => {
    expect(at(35, 15)).toBe(-1);
    expect(at(33, 15, 3)).toBe(2);
  });
});

describe("lines", () => {
  it("of a box are the edges of its pixels", () => {
    expect(lineOf(box)).toEqual([[3.5, 4.5], [30.5, 4.5], [30.5, 25.5], [3.5, 25.5], [3.5, 4.5]]);
  });

  it("are as far as they look", () => {
    expect(distanceTo(box, [17, 15])).toBeCloseTo(10.5);
    expect(distanceTo(scribble, [14, 26])).toBeCloseTo(4);
    expect(distanceTo({ ...scribble, points: [[8, 20]] }, [8, 24])).toBeCloseTo(2);
  });
});

describe("the middle", () => {
  it("of an area is within its outline, and of a stroke on it", () => {
    expect(middleOf({ kind: "lasso", points: [[0, 0], [20, 0], [20, 10], [0, 10]], positive: true })).toEqual([10, 5]);
    expect(middleOf({ kind: "scribble", points: [[0, 0], [3, 9], [30, 0]], positive: true, width: 3 })).toEqual([3, 9]);
    expect(middleOf({ kind: "scribble", shape: [4, 4], runs: [1, 2], positive: true })).toBeNull();
  });
});

describe("handles", () => {
  it("of a box are four corners and four sides", () => {
    const handles = handlesOf(box);
    expect(handles).toHaveLength(8);
    expect(handles[0]).toEqual([3.5, 4.5]);
    expect(handles[3]).toEqual([30.5, 15]);
  });

  it("are the corners of what has few, and none of a click, pixels or a freehand stroke", () => {
    expect(handlesOf(lasso)).toEqual(lasso.points);
    expect(handlesOf(scribble)).toEqual(scribble.points);
    const points = Array.from({ length: 40 }, (_, i): Point => [i, i % 7]);
    for (const prompt of [click, raster, { ...scribble, points }]) expect(handlesOf(prompt)).toEqual([]);
  });
});

describe("dragging", () => {
  it.each([
    [0, { x0: 6, y0: 8 }],
    [1, { y0: 8 }],
    [2, { x1: 32, y0: 8 }],
    [3, { x1: 32 }],
    [4, { x1: 32, y1: 28 }],
    [5, { y1: 28 }],
    [6, { x0: 6, y1: 28 }],
    [7, { x0: 6 }],
  ])("handle %i of a box moves its sides, and no others", (handle, moved) => {
    expect(reshaped(box, handle, [2.2, 3.1], image)).toEqual({ ...box, ...moved });
  });

  it("a corner over the one across turns the box round", () => {
    expect(reshaped(box, 4, [-30, -30], image)).toEqual({ kind: "box", x0: 0, y0: 0, x1: 4, y1: 5 });
  });

  it("a whole box keeps its size, and stays on the image", () => {
    expect(reshaped(box, WHOLE, [3, -2], image)).toEqual({ kind: "box", x0: 7, y0: 3, x1: 33, y1: 23 });
    expect(reshaped(box, WHOLE, [99, -99], image)).toEqual({ kind: "box", x0: 33, y0: 0, x1: 59, y1: 20 });
  });

  it("moves a box that Python drew beyond the edges, as it is", () => {
    const beyond = { kind: "box", x0: -10, y0: 2.5, x1: 20, y1: 9 } as const;
    expect(reshaped(beyond, WHOLE, [2, 1], image)).toEqual({ ...beyond, x0: -8, x1: 22, y0: 3.5, y1: 10 });
    expect(reshaped(beyond, WHOLE, [-2, 0], image)).toEqual(beyond);
  });

  it("moves a lasso around the whole image", () => {
    const around: Lasso = { kind: "lasso", points: [[-9, -9], [90, -9], [90, 90], [-9, 90]], positive: true };
    expect(reshaped(around, 0, [-1, -1], image)).toMatchObject({ points: [[-10, -10], [90, -9], [90, 90], [-9, 90]] });
  });

  it("moves a stroke as a whole or by one corner", () => {
    expect(reshaped(scribble, WHOLE, [1, 2], image)).toEqual({ ...scribble, points: [[9, 22], [21, 22], [29, 14]] });
    expect(reshaped(lasso, 1, [-1, 0.5], image)).toEqual({ ...lasso, points: [[40, 5], [54, 5.5], [48, 30]] });
  });

  it("is nothing where it ends beside the image", () => {
    expect(reshaped(click, WHOLE, [-30, 0], image)).toBeNull();
    expect(reshaped(scribble, WHOLE, [200, 0], image)).toBeNull();
    expect(reshaped(click, WHOLE, [5.554, 0], image)).toEqual({ ...click, x: 15.55 });
  });
});
