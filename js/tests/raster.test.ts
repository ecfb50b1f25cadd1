import { describe, expect, it } from "vitest";
import type { ImageTrait } from "../src/protocol";
import { greyOf, paintPixels, pictureOf, reduced } from "../src/raster";

function trait(dtype: ImageTrait["dtype"], shape: number[], data: ArrayBufferView, low: number, high: number): ImageTrait {
  return { version: 0, dtype, shape, low, high, spacing: null, data: new DataView(data.buffer) };
}

function painted(image: ImageTrait, level = 0): number[] {
  const picture = pictureOf(image);
  const [width, height] = [picture.width, picture.height].map((length) => Math.ceil(length / 2 ** level));
  const out = new Uint32Array(width! * height!);
  const rect = { x: 0, y: 0, width: width!, height: height! };
  const grey = greyOf(picture, { ...picture.usual, gamma: 1, inverted: false });
  paintPixels(picture, rect, grey, out, level ? reduced(picture, rect, level) : null);
  return [...out];
}

const grey = (value: number): number => (0xff000000 | (value << 16) | (value << 8) | value) >>> 0;

describe("pixels", () => {
  it("are painted grey or in colour", () => {
    expect(painted(trait("uint8", [1, 2], Uint8Array.of(0, 255), 0, 255))).toEqual([grey(0), grey(255)]);
    const [pixel] = painted(trait("uint8", [1, 1, 3], Uint8Array.of(1, 2, 3), 0, 255));
    expect(pixel).toBe(0xff030201);
  });

  it("of int16 and of float32 with NaN are painted", () => {
    expect(painted(trait("int16", [1, 3], Int16Array.of(-5, 0, 5), -5, 5))).toEqual([grey(0), grey(128), grey(255)]);
    expect(painted(trait("float32", [1, 2], Float32Array.of(NaN, 1), 0, 1))).toEqual([grey(0), grey(255)]);
  });

  it("are the mean of what they stand for when reduced, also at the edge", () => {
    const image = trait("uint8", [3, 3], Uint8Array.of(0, 100, 50, 100, 200, 70, 10, 30, 90), 0, 255);
    expect(painted(image, 1)).toEqual([grey(100), grey(60), grey(20), grey(90)]);
  });

  it("are windowed by the image's own values, whatever their data are", () => {
    const image = { ...trait("float32", [1, 3], Float32Array.of(0, 0.5, 1), 0, 1), rescale: [200, 1000] as [number, number] };
    const picture = pictureOf(image);
    expect([picture.usual, picture.full]).toEqual([{ window: 200, level: 1100 }, { window: 200, level: 1100 }]);
    const shade = greyOf(picture, { window: 100, level: 1150, gamma: 1, inverted: false });
    expect([...picture.pixels].map(shade)).toEqual([0, 0, 255]);
  });

  it("that did not all arrive are refused", () => {
    expect(() => pictureOf(trait("uint8", [4, 4], new Uint8Array(3), 0, 1))).toThrow(/3 values/);
  });
});
