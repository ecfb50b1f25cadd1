import { describe, expect, it } from "vitest";
import { dragged, levelOf, presetIndex, presetsOf, rangeIn, shadeOf, windowOf, type Range, type Shading } from "../src/windowlevel";

const plain = (low: number, high: number): Shading => ({ low, high, gamma: 1, inverted: false });

describe("window", () => {
  it("maps low to black and high to white, for each dtype", () => {
    for (const [dtype, low, high] of [
      ["uint8", 10, 110],
      ["uint16", 1000, 51000],
      ["int16", -1000, 400],
      ["float32", -0.5, 0.5],
    ] as const) {
      const shade = shadeOf(dtype, plain(low, high));
      expect([shade(low), shade(high), shade((low + high) / 2)]).toEqual([0, 255, 128]);
    }
  });

  it("cuts off what lies outside, and shows NaN and infinity", () => {
    expect(shadeOf("int16", plain(-100, 100))(-32768)).toBe(0);
    expect(shadeOf("int16", plain(-100, 100))(32767)).toBe(255);
    const shade = shadeOf("float32", plain(0, 1));
    expect([shade(NaN), shade(-Infinity), shade(Infinity)]).toEqual([0, 0, 255]);
  });

  it("has an answer for an image of one value", () => {
    const shade = shadeOf("uint8", plain(7, 7));
    expect([shade(7), shade(8)]).toEqual([0, 255]);
  });

  it.each(["uint8", "float32"] as const)("curves and inverts what lies between (%s)", (dtype) => {
    const brighter = shadeOf(dtype, { ...plain(0, 200), gamma: 0.5 });
    expect([0, 50, 200].map(brighter)).toEqual([0, 128, 255]);
    const inverted = shadeOf(dtype, { ...plain(0, 200), gamma: 2, inverted: true });
    expect([0, 100, 200].map(inverted)).toEqual([255, 191, 0]);
  });
});

describe("a drag", () => {
  const full: Range = { low: 0, high: 4000 };

  it("to the right widens the window about its level, and back undoes it", () => {
    const wide = dragged(plain(1000, 1400), 100, 0, full);
    expect(windowOf(wide)).toBeCloseTo(400 * Math.sqrt(Math.E));
    expect(levelOf(wide)).toBeCloseTo(1200);
    const back = dragged({ ...plain(0, 0), ...wide }, -100, 0, full);
    expect([back.low, back.high]).toEqual([expect.closeTo(1000), expect.closeTo(1400)]);
  });

  it("upwards lowers the level, which brightens, by a part of the window", () => {
    const { low, high } = dragged(plain(1000, 1300), 0, -100, full);
    expect([low, high]).toEqual([expect.closeTo(900), expect.closeTo(1200)]);
  });

  it("loses neither window nor level out of the image's range", () => {
    expect(windowOf(dragged(plain(0, 4000), 1e4, 0, full))).toBe(8000);
    expect(windowOf(dragged(plain(0, 4000), -1e5, 0, full))).toBeGreaterThan(0);
    expect(dragged(plain(0, 4000), 0, 1e6, full).low).toBe(4000);
  });
});

describe("presets", () => {
  const usual = { low: -200, high: 300 };
  const full = { low: -1024, high: 3071 };

  it("have CT's windows only where the values are Hounsfield units", () => {
    expect(presetsOf({ usual, full, unit: null }).map(({ name }) => name)).toEqual(["Auto", "Full"]);
    const presets = presetsOf({ usual, full, unit: "HU" });
    expect(presets.map(({ name, low, high }) => [name, low, high])).toEqual([
      ["Auto", -200, 300],
      ["Full", -1024, 3071],
      ["Brain", 0, 80],
      ["Lung", -1350, 150],
      ["Bone", -500, 1300],
      ["Abdomen", -150, 250],
    ]);
    expect(presetIndex(presets, { low: 0, high: 80 })).toBe(2);
    expect(presetIndex(presets, { low: 0, high: 81 })).toBe(-1);
  });

  it("find the range of any image", () => {
    expect(rangeIn(Int16Array.of(3, -7, 12))).toEqual({ low: -7, high: 12 });
    expect(rangeIn(Uint8Array.of(5, 5))).toEqual({ low: 5, high: 6 });
  });
});
