import { describe, expect, it } from "vitest";
import { levelFor, placeTile, TILE, tileRect, visibleTiles } from "../src/tiles";

describe("tiles", () => {
  it("are of the level whose pixels are no larger than the screen's, and more than half as large", () => {
    for (const scale of [1, 0.99, 0.5, 0.3, 0.07, 0.125]) {
      const size = scale * 2 ** levelFor(scale);
      expect(size).toBeGreaterThan(0.5);
      expect(size).toBeLessThanOrEqual(1 + 1e-9);
    }
    expect(levelFor(40)).toBe(0);
  });

  it("are few, however large the image", () => {
    const image = { width: 8000, height: 8000 };
    const stage = { width: 800, height: 560 };
    for (const scale of [0.07, 0.3, 1, 20]) {
      const view = { x: -1000 * scale, y: -1000 * scale, scale };
      const span = visibleTiles(view, stage, image, levelFor(scale));
      expect((span.right - span.left) * (span.bottom - span.top)).toBeLessThanOrEqual(20);
    }
  });

  it("meet without a gap", () => {
    const image = { width: 1300, height: 700 };
    const view = { x: 3.3, y: -7.7, scale: 0.731 };
    const left = placeTile(tileRect(0, 0, 0, image), 0, view, image).target;
    const right = placeTile(tileRect(1, 0, 0, image), 0, view, image).target;
    expect(left.x + left.width).toBe(right.x);
  });

  it("end where the image ends, even within a reduced pixel", () => {
    const image = { width: 13, height: 9 };
    const { sourceWidth, sourceHeight } = placeTile(tileRect(0, 0, 2, image), 2, { x: 0, y: 0, scale: 0.25 }, image);
    expect([sourceWidth, sourceHeight]).toEqual([3.25, 2.25]);
    expect(tileRect(0, 0, 2, image)).toEqual({ x: 0, y: 0, width: 4, height: 3 });
    expect(tileRect(0, 0, 0, { width: 9000, height: 1 }).width).toBe(TILE);
  });

  it("are none when the image is out of sight", () => {
    const span = visibleTiles({ x: 5000, y: 0, scale: 1 }, { width: 100, height: 100 }, { width: 50, height: 50 }, 0);
    expect(Math.max(span.right - span.left, 0)).toBe(0);
  });
});
