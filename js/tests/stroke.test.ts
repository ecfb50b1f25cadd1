import { describe, expect, it } from "vitest";
import { distanceToSegment, simplify } from "../src/geometry";
import type { Point } from "../src/protocol";
import { boxBetween, clickAt, makeStroke } from "../src/stroke";

const image = { width: 40, height: 30 };
const mark = { label: 0, positive: true, width: 4, direct: false };

describe("simplify", () => {
  const wiggle = Array.from({ length: 500 }, (_, i): Point => [i / 10, 5 * Math.sin(i / 17) + Math.cos(i / 3)]);

  it("stays within the tolerance of every point, and keeps the ends", () => {
    for (const tolerance of [0.05, 0.25, 2]) {
      const kept = simplify(wiggle, tolerance);
      expect(kept.length).toBeLessThan(wiggle.length);
      expect(kept[0]).toEqual(wiggle[0]);
      expect(kept[kept.length - 1]).toEqual(wiggle[wiggle.length - 1]);
      for (const point of wiggle) {
        const off = Math.min(...kept.slice(1).map((end, i) => distanceToSegment(point, kept[i]!, end)));
        expect(off).toBeLessThanOrEqual(tolerance + 1e-9);
      }
    }
  });

  it("leaves one point one point, and a straight line two", () => {
    expect(simplify([[1, 2]], 0.25)).toEqual([[1, 2]]);
    expect(simplify([[0, 0], [1, 1], [2, 2], [9, 9]], 0.25)).toEqual([[0, 0], [9, 9]]);
  });

  it("keeps the turn of a stroke that comes back to where it began", () => {
    expect(simplify([[0, 0], [5, 0], [0, 0]], 0.25)).toEqual([[0, 0], [5, 0], [0, 0]]);
  });
});

describe("a box", () => {
  it("is the same from any corner", () => {
    const box = { kind: "box", x0: 3, y0: 5, x1: 20, y1: 11 };
    const [a, b, c, d]: Point[] = [[3.2, 4.6], [19.9, 11.3], [3.2, 11.3], [19.9, 4.6]];
    for (const [from, to] of [[a, b], [b, a], [c, d], [d, c]]) expect(boxBetween(from!, to!, image)).toEqual(box);
  });

  it("ends at the image's edges, and is none beside it", () => {
    expect(boxBetween([-9, -9], [99, 99], image)).toEqual({ kind: "box", x0: 0, y0: 0, x1: 39, y1: 29 });
    expect(boxBetween([-9, -9], [-2, 99], image)).toBeNull();
  });
});

describe("a click", () => {
  it("is on the image or none", () => {
    expect(clickAt([12.3456, 7], false, image)).toEqual({ kind: "click", x: 12.35, y: 7, positive: false });
    expect(clickAt([-0.5, 29.4], true, image)).toMatchObject({ x: -0.5, y: 29.4 });
    expect(clickAt([39.6, 3], true, image)).toBeNull();
    const edge = clickAt([39.488, 3], true, image);
    expect(edge!.x).toBeLessThan(39.5);
  });
});

describe("a stroke", () => {
  it("that is so fast that no place of it is on the image is there all the same", () => {
    const stroke = makeStroke({ ...mark, tool: "scribble" }, [-5, 8]);
    for (const point of [[-2, 8], [44, 20], [60, 25]] as Point[]) stroke.extend(point);
    expect(stroke.prompt(image)).toMatchObject({ points: [[-2, 8], [44, 20]] });
    const beside = makeStroke({ ...mark, tool: "scribble" }, [-5, 8]);
    beside.extend([3, -15]);
    expect(beside.prompt(image)).toBeNull();
  });

  it("without a move is a scribble of one point", () => {
    expect(makeStroke({ ...mark, tool: "scribble" }, [3, 4]).prompt(image)).toEqual({
      kind: "scribble",
      points: [[3, 4]],
      positive: true,
      width: 4,
    });
  });

  it("drops positions that say nothing new", () => {
    const stroke = makeStroke({ ...mark, tool: "scribble" }, [3, 4]);
    for (const x of [3.01, 3.02, 3.5, 3.51]) stroke.extend([x, 4], 0.3);
    expect(stroke.points).toEqual([[3, 4], [3.5, 4]]);
  });

  it("keeps what is on the image and one point beyond", () => {
    const stroke = makeStroke({ ...mark, tool: "scribble" }, [-30, 4]);
    for (const x of [-20, -10, 5, 15, 50, 60]) stroke.extend([x, (x * x) / 100]);
    expect(stroke.prompt(image)).toMatchObject({ points: [[-10, 1], [5, 0.25], [15, 2.25], [50, 25]] });
    expect(makeStroke({ ...mark, tool: "scribble" }, [-30, 4]).prompt(image)).toBeNull();
  });

  it("of the click tool is where the pointer was lifted", () => {
    const stroke = makeStroke({ ...mark, tool: "click" }, [3, 4]);
    stroke.extend([6, 7]);
    stroke.extend([8, 9]);
    expect(stroke.prompt(image)).toEqual({ kind: "click", x: 8, y: 9, positive: true });
  });
});
