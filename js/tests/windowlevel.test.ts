import { describe, expect, it } from "vitest";
import { dragged, fullWindow, presetIndex, presetsOf, shadeOf, windowBetween, windowText, type Shading } from "../src/windowlevel";

const plain = (low: number, high: number): Shading => ({ ...windowBetween(low, high), gamma: 1, inverted: false });

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

  it("is told no finer than greys are", () => {
    expect(windowText({ window: 1500, level: -600 }, "HU")).toBe("window 1500, level −600 HU");
    expect(windowText({ window: 80.4, level: 40 }, null)).toBe("window 80.4, level 40");
    expect(windowText({ window: 0.5, level: 0.25 }, null)).toBe("window 0.5, level 0.25");
  });
});

describe("a drag", () => {
  const full = { window: 4000, level: 2000 };

  it("to the right widens the window about its level, and back undoes it", () => {
    const wide = dragged({ window: 400, level: 1200 }, 100, 0, full);
    expect(wide).toEqual({ window: expect.closeTo(400 * Math.sqrt(Math.E)), level: 1200 });
    expect(dragged(wide, -100, 0, full).window).toBeCloseTo(400);
  });

  it("upwards lowers the level, which brightens, by a part of the window", () => {
    expect(dragged({ window: 300, level: 1150 }, 0, -100, full)).toEqual({ window: 300, level: expect.closeTo(1050) });
  });

  it("loses neither window nor level out of the image's range", () => {
    expect(dragged(full, 1e4, 0, full).window).toBe(8000);
    expect(dragged(full, -1e5, 0, full).window).toBeGreaterThan(0);
    expect(dragged(full, 0, 1e6, full).level).toBe(6000); // all black, and not further
  });
});

describe("presets", () => {
  const usual = { window: 500, level: 50 };
  const full = { window: 4095, level: 1023.5 };

  it("have CT's windows only where the values are Hounsfield units", () => {
    expect(presetsOf({ usual, full, unit: null }).map(({ name }) => name)).toEqual(["Auto", "Full"]);
    const presets = presetsOf({ usual, full, unit: "HU" });
    expect(presets.map(({ name, window, level }) => [name, window, level])).toEqual([
      ["Auto", 500, 50],
      ["Full", 4095, 1023.5],
      ["Brain", 80, 40],
      ["Lung", 1500, -600],
      ["Bone", 1800, 400],
      ["Abdomen", 400, 50],
    ]);
    expect(presetIndex(presets, { window: 80, level: 40 })).toBe(2);
    expect(presetIndex(presets, { window: 80, level: 41 })).toBe(-1);
  });

  it("find the range of any image", () => {
    expect(fullWindow(Int16Array.of(3, -7, 12))).toEqual({ window: 19, level: 2.5 });
    expect(fullWindow(Uint8Array.of(5, 5))).toEqual({ window: 1, level: 5.5 });
  });
});
