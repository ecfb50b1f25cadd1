import { describe, expect, it } from "vitest";
import { stepped } from "../src/crosshair";
import { resultText } from "../src/format";
import { heatColors, uncertainty, VIRIDIS } from "../src/heatmap";
import { mapSize } from "../src/minimap";
import type { Picture } from "../src/raster";
import { readoutAt } from "../src/readout";
import { barFor } from "../src/scalebar";

describe("scale bar", () => {
  it.each([
    [0.5, 120, "5 cm", 100],
    [0.5, 90, "2 cm", 40],
    [0.1, 120, "1 cm", 100],
    [0.07, 120, "5 mm", 5 / 0.07],
    [0.00025, 120, "20 µm", 80],
    [3e-6, 120, "200 nm", 200 / 3],
    [20, 120, "2 m", 100],
  ])("of %d mm to a pixel and %d pixels of room says %s", (millimetres, room, text, length) => {
    expect(barFor(millimetres, room)).toEqual({ text, length: expect.closeTo(length, 6) });
  });

  it("is none where there is no size", () => {
    expect(barFor(0, 100)).toBeNull();
    expect(barFor(1, 0)).toBeNull();
  });
});

describe("readout", () => {
  const picture = (pixels: Picture["pixels"], more: Partial<Picture> = {}): Picture => ({
    ...{ width: 2, height: 1, channels: 1, dtype: "int16", pixels, slope: 1, intercept: 0, unit: null },
    ...{ usual: { window: 1, level: 0 }, full: { window: 1, level: 0 }, ...more },
  });

  it("gives the image's own value", () => {
    expect(readoutAt(picture(Int16Array.of(7, -1024), { unit: "HU" }), [1.4, 0.2])).toBe("1, 0: −1024 HU");
    expect(readoutAt(picture(Uint16Array.of(65535, 0)), [0, 0])).toBe("0, 0: 65535");
    expect(readoutAt(picture(Float32Array.of(0.1, 0)), [0, 0])).toBe("0, 0: 0.1");
    expect(readoutAt(picture(Float32Array.of(0.5, 0), { slope: 3, intercept: 1e6 }), [0, 0])).toBe("0, 0: 1000002");
    expect(readoutAt(picture(Uint8Array.of(0, 0, 0, 1, 2, 3), { channels: 3 }), [1, 0])).toBe("1, 0: R 1 G 2 B 3");
  });

  it("is silent beside the image, and without one", () => {
    expect(readoutAt(picture(Uint8Array.of(1, 2)), [2, 0])).toBe("");
    expect(readoutAt(picture(Uint8Array.of(1, 2)), [0, -0.6])).toBe("");
    expect(readoutAt(null, [0, 0])).toBe("");
  });
});

describe("minimap", () => {
  it("keeps the picture's shape, and small canvases their room", () => {
    expect(mapSize({ width: 4000, height: 2000 }, { width: 1000, height: 600 })).toEqual({ width: 120, height: 60 });
    expect(mapSize({ width: 500, height: 500 }, { width: 360, height: 300 })).toEqual({ width: 90, height: 90 });
    expect(mapSize({ width: 5, height: 5000 }, { width: 1000, height: 600 }).width).toBe(12);
  });
});

describe("heat map", () => {
  const rgb = (pixel: number): string => `#${[0, 8, 16].map((shift) => ((pixel >> shift) & 255).toString(16).padStart(2, "0")).join("")}`;

  it("goes from one end of its colours to the other, and is more opaque the higher it is", () => {
    const colors = heatColors("probability");
    expect([rgb(colors[0]!), rgb(colors[255]!)]).toEqual([VIRIDIS[0], VIRIDIS[VIRIDIS.length - 1]]);
    expect(colors[0]! >>> 24).toBeLessThan(colors[255]! >>> 24);
  });

  it("is least sure in the middle", () => {
    expect([0, 0.25, 0.5, 1].map(uncertainty)).toEqual([0, 0.5, 1, 0]);
    const colors = heatColors("uncertainty");
    expect(rgb(colors[0]!)).toBe(VIRIDIS[0]);
    expect(rgb(colors[255]!)).toBe(VIRIDIS[0]);
    expect(colors[127]! >>> 24).toBeGreaterThan(180);
  });
});

describe("crosshair", () => {
  const image = { width: 100, height: 50 };

  it("goes by image pixels, ten with Ctrl, and stays on the image", () => {
    expect(stepped([10.3, 10], "arrowright", 4, image)).toEqual([11, 10]);
    expect(stepped([10, 10], "mod+arrowdown", 4, image)).toEqual([10, 20]);
    expect(stepped([3, 10], "mod+arrowleft", 4, image)).toEqual([0, 10]);
    expect(stepped([3, 49], "arrowdown", 4, image)).toEqual([3, 49]);
  });

  it("goes by what can be seen where pixels are smaller than the screen's", () => {
    expect(stepped([1000, 10], "arrowup", 0.25, { width: 4096, height: 4096 })).toEqual([1000, 6]);
  });
});

it("a result is told with what became of it", () => {
  expect(resultText("lesion", 2, 1412, 1000, [0.5, 0.5])).toBe("lesion: 1,412 px, 3.5 cm², 412 px more; 2 prompts");
  expect(resultText("lesion", 1, 10, 12, null)).toBe("lesion: 10 px, 2 px less; 1 prompt");
  expect(resultText("lesion", 1, 10, 10, null)).toBe("lesion: 10 px, unchanged; 1 prompt");
  expect(resultText("lesion", 1, 10, null, null)).toBe("lesion: 10 px; 1 prompt");
});
