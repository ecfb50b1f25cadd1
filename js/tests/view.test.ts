import { describe, expect, it } from "vitest";
import { centredOn, clamp, fit, follow, largestScale, pan, resized, scaleAt, seenPart, stageHeight, toImage, toScreen, zoomAt } from "../src/view";

const image = { width: 512, height: 384 };
const stage = { width: 800, height: 560 };

describe("the picture on the screen", () => {
  it("goes from the screen to the image and back", () => {
    const view = { x: -13.7, y: 42.1, scale: 3.3 };
    for (const point of [[0, 0], [799.5, 1.25], [123.4, 559]] as [number, number][]) {
      const [x, y] = toScreen(view, toImage(view, point));
      expect(x).toBeCloseTo(point[0], 9);
      expect(y).toBeCloseTo(point[1], 9);
    }
  });

  it("puts pixel centres at integers", () => {
    expect(toImage({ x: 10, y: 20, scale: 4 }, [12, 22])).toEqual([0, 0]);
    expect(toImage({ x: 10, y: 20, scale: 4 }, [10, 20])).toEqual([-0.5, -0.5]);
  });

  it("shows a fitted image whole and in the middle, small ones enlarged", () => {
    const view = fit({ width: 8, height: 8 }, stage);
    expect(view.scale).toBe(70);
    expect(view).toEqual({ scale: 70, x: 120, y: 0 });
  });

  it("keeps the point under the cursor when zooming", () => {
    let view = fit(image, stage);
    for (const [at, factor] of [[[300, 200], 1.7], [[310, 220], 3], [[5, 550], 0.6]] as [[number, number], number][]) {
      const before = toImage(view, at);
      view = zoomAt(view, at, factor, image, stage);
      const after = toImage(view, at);
      expect(after[0]).toBeCloseTo(before[0], 6);
      expect(after[1]).toBeCloseTo(before[1], 6);
    }
  });

  it.each([[0.02, 0.5], [0.98, 0.1], [0.5, 0.97]])("keeps the point at %d, %d of a picture with room beside it", (right, down) => {
    const wide = { width: 1600, height: 560 };
    let view = fit(image, wide);
    const at = toScreen(view, [right * image.width, down * image.height]);
    const before = toImage(view, at);
    for (const factor of [1.1, 1.3, 1.3, 2, 3]) {
      view = clamp(zoomAt(view, at, factor, image, wide), image, wide);
      expect(toImage(view, at)[0]).toBeCloseTo(before[0], 6);
      expect(toImage(view, at)[1]).toBeCloseTo(before[1], 6);
    }
    view = clamp(zoomAt(view, [3, 4], 1e-9, image, wide), image, wide);
    expect(view).toEqual(fit(image, wide));
  });

  it("zooms no further than the limits", () => {
    const fitted = fit(image, stage);
    expect(zoomAt(fitted, [0, 0], 1e9, image, stage).scale).toBe(largestScale(image, stage));
    expect(zoomAt(fitted, [0, 0], 1e-9, image, stage).scale).toBe(fitted.scale);
  });

  it("cannot be dragged out of sight", () => {
    const near = zoomAt(fit(image, stage), [400, 280], 5, image, stage);
    for (const [dx, dy] of [[1e6, 1e6], [-1e6, -1e6]] as const) {
      const view = clamp(pan(near, dx, dy), image, stage);
      const [x, y] = toImage(view, [stage.width / 2, stage.height / 2]);
      expect(x).toBeGreaterThan(-0.5);
      expect(y).toBeGreaterThan(-0.5);
      expect(x).toBeLessThan(image.width);
      expect(y).toBeLessThan(image.height);
    }
  });

  it("stays fitted, or keeps its middle, when the cell changes its width", () => {
    const narrow = { width: 360, height: 300 };
    expect(resized(fit(image, stage), image, stage, narrow)).toEqual(fit(image, narrow));
    const near = clamp(zoomAt(fit(image, stage), [400, 280], 6, image, stage), image, stage);
    const before = toImage(near, [stage.width / 2, stage.height / 2]);
    const after = toImage(resized(near, image, stage, narrow), [narrow.width / 2, narrow.height / 2]);
    expect(after[0]).toBeCloseTo(before[0], 6);
    expect(after[1]).toBeCloseTo(before[1], 6);
  });

  it("may be smaller than fitted, in the middle, and zooms back from there step by step", () => {
    const small = clamp(scaleAt(fit(image, stage), [0, 0], 1), image, stage);
    expect(small).toEqual({ scale: 1, x: 144, y: 88 });
    expect(zoomAt(small, [0, 0], 0.5, image, stage).scale).toBe(1);
    expect(zoomAt(small, [0, 0], 1.2, image, stage).scale).toBe(1.2);
  });

  it("tells which part of it is seen, and can be put on any", () => {
    expect(seenPart(fit(image, stage), image, stage)).toBeNull();
    const view = centredOn({ x: 0, y: 0, scale: 4 }, [0.5, 0.25], image, stage);
    const seen = seenPart(view, image, stage)!;
    expect([seen.x + seen.width / 2, seen.y + seen.height / 2]).toEqual([0.5, 0.25]);
    expect(seen.width).toBeCloseTo(stage.width / (4 * image.width));
    expect(seenPart({ x: 100, y: 0, scale: 4 }, image, stage)).toMatchObject({ x: 0, width: 700 / 2048 });
  });

  it("follows what leaves it, and only as far as needed", () => {
    const view = { x: 0, y: 0, scale: 2 };
    expect(follow(view, [400, 300], stage, 20)).toEqual(view);
    expect(follow(view, [790, -5], stage, 20)).toEqual({ x: -10, y: 25, scale: 2 });
  });

  it("is as high as its shape asks, within limits", () => {
    expect(stageHeight({ width: 200, height: 100 }, 800, 1000)).toBe(400);
    expect(stageHeight({ width: 100, height: 100 }, 800, 2000)).toBe(560);
    expect(stageHeight({ width: 100, height: 100 }, 800, 500)).toBe(325);
    expect(stageHeight({ width: 512, height: 512 }, 3600, 2160)).toBe(1024); // a large screen, twice the image's size
    expect(stageHeight({ width: 4000, height: 4000 }, 3600, 2160)).toBe(1404);
    expect(stageHeight({ width: 1000, height: 1 }, 800, 1000)).toBe(200);
    expect(stageHeight({ width: 1, height: 1000 }, 800, 100)).toBe(200);
  });
});
