import { describe, expect, it } from "vitest";
import { bytesOf } from "../src/codec";
import { makeMasks, unpackBits, type Patch, type Rect } from "../src/planes";
import { packed } from "./fakehost";

function patch(rect: Rect, isSet: (x: number, y: number) => boolean = () => true, label = 0): Patch {
  return { ...rect, label, bits: bytesOf(packed(rect.width, rect.height, isSet)) };
}

describe("bits", () => {
  it.each([[1, 1], [3, 3], [7, 5], [8, 2], [13, 11], [64, 3]])("unpacks %i x %i as numpy packs it", (width, height) => {
    const isSet = (x: number, y: number): boolean => (x * 31 + y * 17) % 3 === 0;
    const pixels = unpackBits(patch({ x: 0, y: 0, width, height }, isSet));
    const reference = Array.from({ length: width * height }, (_, i) => Number(isSet(i % width, Math.floor(i / width))));
    expect([...pixels]).toEqual(reference);
  });
});

describe("masks", () => {
  it("follow updates from version to version, and know their area", () => {
    const masks = makeMasks(10, 6);
    expect(masks.apply(null, 4, [patch({ x: 1, y: 1, width: 3, height: 2 })])).toBe(true);
    expect(masks.area(0)).toBe(6);
    expect(masks.apply(4, 5, [patch({ x: 2, y: 1, width: 1, height: 5 }, (_, y) => y > 1)])).toBe(true);
    expect(masks.area(0)).toBe(6 - 2 + 3);
    expect([...masks.plane(0)!].reduce((a, b) => a + b)).toBe(7);
    expect(masks.version).toBe(5);
  });

  it("stay as they are when a version was missed", () => {
    const masks = makeMasks(4, 4);
    masks.apply(null, 1, [patch({ x: 0, y: 0, width: 1, height: 1 })]);
    expect(masks.apply(2, 3, [patch({ x: 0, y: 0, width: 4, height: 4 })])).toBe(false);
    expect(masks.version).toBe(1);
    expect(masks.area(0)).toBe(1);
  });

  it("begin with background when the whole comes", () => {
    const masks = makeMasks(4, 4);
    masks.apply(null, 1, [patch({ x: 0, y: 0, width: 4, height: 4 })]);
    masks.apply(null, 7, [patch({ x: 3, y: 3, width: 1, height: 1 }, undefined, 1)]);
    expect([masks.area(0), masks.area(1), masks.version]).toEqual([0, 1, 7]);
  });

  it("tell the smallest rectangle that changed", () => {
    const told: [number, Rect][] = [];
    const masks = makeMasks(10, 10, (label, rect) => told.push([label, rect]));
    masks.apply(null, 1, [patch({ x: 0, y: 0, width: 10, height: 10 }, (x, y) => x > 3 && x < 6 && y === 7)]);
    expect(told).toEqual([[0, { x: 4, y: 7, width: 2, height: 1 }]]);
    masks.apply(1, 2, [patch({ x: 4, y: 7, width: 1, height: 1 })]);
    expect(told.length).toBe(1);
  });

  it("show what was before and what is, where rectangles overlap", () => {
    const masks = makeMasks(6, 1);
    masks.apply(null, 1, [patch({ x: 0, y: 0, width: 6, height: 1 })]);
    masks.apply(1, 2, [patch({ x: 0, y: 0, width: 4, height: 1 }, () => false), patch({ x: 2, y: 0, width: 4, height: 1 }, () => false)]);
    for (let i = 0; i < 2; i++) {
      masks.showPrevious(true);
      expect([...masks.plane(0)!]).toEqual([1, 1, 1, 1, 1, 1]);
      masks.showPrevious(false);
      expect([...masks.plane(0)!]).toEqual([0, 0, 0, 0, 0, 0]);
    }
  });

  it("show a preview and take it back, to the pixel", () => {
    const masks = makeMasks(6, 6);
    masks.apply(null, 1, [patch({ x: 0, y: 0, width: 6, height: 6 }, (x, y) => (x + y) % 2 === 0)]);
    const before = masks.plane(0)!.slice();
    expect(masks.showPreview(1, [patch({ x: 1, y: 1, width: 4, height: 4 })])).toBe(true);
    expect(masks.area(0)).toBe(18 + 8);
    expect(masks.showPreview(1, [patch({ x: 0, y: 0, width: 2, height: 2 }), patch({ x: 1, y: 1, width: 2, height: 2 })])).toBe(true);
    masks.hidePreview();
    expect(masks.plane(0)).toEqual(before);
    expect(masks.area(0)).toBe(18);
  });

  it("drop a preview with the update, and one of another version", () => {
    const masks = makeMasks(6, 6);
    masks.apply(null, 1, []);
    masks.showPreview(1, [patch({ x: 0, y: 0, width: 6, height: 6 })]);
    masks.apply(1, 2, [patch({ x: 0, y: 0, width: 1, height: 1 })]);
    expect(masks.area(0)).toBe(1);
    expect(masks.showPreview(1, [patch({ x: 0, y: 0, width: 6, height: 6 })])).toBe(false);
    expect(masks.area(0)).toBe(1);
  });

  it("show what was there before the last update, and again what is", () => {
    const masks = makeMasks(6, 6);
    masks.apply(null, 1, [patch({ x: 0, y: 0, width: 2, height: 2 })]);
    masks.showPrevious(true); // nothing is known of it
    expect(masks.area(0)).toBe(4);
    masks.showPrevious(false);
    masks.apply(1, 2, [patch({ x: 1, y: 0, width: 3, height: 1 }), patch({ x: 0, y: 0, width: 1, height: 2 }, () => false)]);
    const now = masks.plane(0)!.slice();
    masks.showPreview(2, [patch({ x: 0, y: 0, width: 6, height: 6 })]);
    masks.showPrevious(true);
    expect([...masks.plane(0)!.slice(0, 6)]).toEqual([1, 1, 0, 0, 0, 0]);
    masks.showPrevious(false);
    expect(masks.plane(0)).toEqual(now);
    masks.showPrevious(true);
    masks.apply(2, 3, [patch({ x: 5, y: 5, width: 1, height: 1 })]); // lands on the mask as it is
    expect(masks.area(0)).toBe(5);
    expect(masks.plane(0)![1]).toBe(1);
  });

  it("take no harm from a patch of a larger image", () => {
    const masks = makeMasks(3, 3);
    masks.apply(null, 1, [patch({ x: 1, y: 2, width: 5, height: 5 }, (x, y) => x === 1 && y === 0)]);
    expect([...masks.plane(0)!]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });
});
