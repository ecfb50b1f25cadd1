import { describe, expect, it } from "vitest";
import { cut, wiped } from "../src/cut";
import { distanceToSegment } from "../src/geometry";
import type { Point, Prompt } from "../src/protocol";

const line: Point[] = [[0, 0], [10, 0], [20, 0]];

describe("a line that is cut", () => {
  it("falls into two where the eraser crossed it", () => {
    expect(cut(line, [[5, -3], [5, 3]], 2)).toEqual([[[0, 0], [3, 0]], [[7, 0], [10, 0], [20, 0]]]);
  });

  it("keeps its beginning or its end, or nothing", () => {
    expect(cut(line, [[0, 0]], 4)).toEqual([[[4, 0], [10, 0], [20, 0]]]);
    expect(cut(line, [[20, 1], [12, 1]], 2)![0]![1]![0]).toBeLessThan(12);
    expect(cut(line, [[-1, 0], [21, 0]], 1)).toEqual([]);
  });

  it("is as it was where nothing came near", () => {
    expect(cut(line, [[5, 3], [15, 3]], 2)).toBeNull();
    expect(cut([[3, 3]], [[9, 9]], 2)).toBeNull();
  });

  it("of one point is there or not", () => {
    expect(cut([[3, 3]], [[0, 3], [9, 3]], 1)).toEqual([]);
  });

  it("leaves only what is far enough, and all of that", () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const walk = (count: number): Point[] => Array.from({ length: count }, () => [random() * 100, random() * 60]);
    const off = (at: Point, path: Point[]): number => Math.min(...path.map((p, i) => distanceToSegment(at, path[i - 1] ?? p, p)));
    for (let trial = 0; trial < 30; trial++) {
      const [stroke, eraser] = [walk(6), walk(4)];
      const pieces = cut(stroke, eraser, 5) ?? [stroke];
      for (let i = 1; i < stroke.length; i++) {
        for (let t = 0; t < 1; t += 0.01) {
          const [p, q] = [stroke[i - 1]!, stroke[i]!];
          const at: Point = [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])];
          const kept = pieces.length > 0 && Math.min(...pieces.map((piece) => off(at, piece))) < 0.05;
          if (off(at, eraser) > 5.6) expect(kept).toBe(true);
        }
      }
      for (const piece of pieces) {
        for (const point of piece) expect(off(point, eraser)).toBeGreaterThan(5 - 0.05);
      }
    }
  });
});

describe("a wipe", () => {
  const prompts: Prompt[] = [
    { kind: "click", x: 5, y: 9, positive: true },
    { kind: "scribble", points: line, positive: false, width: 2 },
    { kind: "box", x0: 30, y0: 0, x1: 50, y1: 20 },
    { kind: "lasso", points: [[60, 0], [70, 0], [65, 10]], positive: true },
    { kind: "scribble", positive: true, shape: [40, 80], runs: [80 * 30 + 10, 6] },
  ];
  const image = { width: 80, height: 40 };
  const wipe = (...points: Point[]): unknown => wiped(prompts, { points, radius: 1, reach: 2 }, image);

  it("splits scribbles by half its width more", () => {
    expect(wipe([5, -9], [5, 5])).toEqual([
      { index: 1, prompts: [{ ...prompts[1], points: [[0, 0], [3, 0]] }, { ...prompts[1], points: [[7, 0], [10, 0], [20, 0]] }] },
    ]);
  });

  it("leaves no piece beside the image", () => {
    const long: Prompt = { kind: "scribble", points: [[70, 5], [100, 5]], positive: true, width: 2 };
    const eraser = { points: [[77, 5], [84, 5]] as Point[], radius: 1, reach: 2 };
    expect(wiped([long], eraser, image)).toEqual([{ index: 0, prompts: [{ ...long, points: [[70, 5], [75, 5]] }] }]);
  });

  it("takes away clicks, boxes, lassos and pixels that it touches", () => {
    expect(wipe([7.5, 9])).toEqual([{ index: 0, prompts: [] }]);
    expect(wipe([28, 10], [32, 10])).toEqual([{ index: 2, prompts: [] }]);
    expect(wipe([65, -3], [65, 1])).toEqual([{ index: 3, prompts: [] }]);
    expect(wipe([12, 33], [12, 31])).toEqual([{ index: 4, prompts: [] }]);
  });

  it("leaves what lies within a box or lasso, and is nothing beside all", () => {
    expect(wipe([40, 5], [42, 12])).toEqual([]);
    expect(wipe([65, 4])).toEqual([]);
  });
});
