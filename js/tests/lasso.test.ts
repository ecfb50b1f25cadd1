import { describe, expect, it } from "vitest";
import { circleAround, lassoAlong } from "../src/lasso";
import type { Point } from "../src/protocol";

const image = { width: 60, height: 40 };

describe("a lasso", () => {
  it("is the polygon that was drawn, without corners that say nothing", () => {
    const points: Point[] = [[0, 0], [5, 0], [10, 0], [10, 10], [0, 10], [0, 5], [0, 0.1]];
    expect(lassoAlong(points, true, image, 0.25)).toEqual({ kind: "lasso", points: [[0, 0], [10, 0], [10, 10], [0, 10]], positive: true });
  });

  it("holds some pixels, on the image", () => {
    expect(lassoAlong([[1, 1], [9, 1]], true, image)).toBeNull();
    expect(lassoAlong([[1, 1], [9, 1], [5, 1]], true, image)).toBeNull();
    expect(lassoAlong([[1, 1], [9, 9], [9, 1], [1, 9]], true, image)).not.toBeNull(); // an eight
    expect(lassoAlong([[70, 1], [90, 1], [80, 9]], true, image)).toBeNull();
    expect(lassoAlong([[50, 1], [90, 1], [80, 9]], false, image)).toMatchObject({ positive: false });
  });
});

describe("a circle", () => {
  it("is as far from its middle all round", () => {
    const circle = circleAround([20, 20], [28, 26], true, image)!;
    expect(circle.points.length).toBeGreaterThan(30);
    for (const [x, y] of circle.points) expect(Math.hypot(x - 20, y - 20)).toBeCloseTo(10, 1);
  });

  it("of no size is none", () => {
    expect(circleAround([20, 20], [20.2, 20], true, image)).toBeNull();
  });
});
