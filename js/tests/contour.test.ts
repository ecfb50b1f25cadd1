import { describe, expect, it } from "vitest";
import { contourLines, framed, type Framed } from "../src/contour";
import { copyMask } from "../src/overlay";

const ALL = { right: true, bottom: true };

function maskOf(...rows: string[]): Framed {
  const mask = framed(rows[0]!.length, rows.length);
  rows.forEach((row, y) => [...row].forEach((c, x) => (mask.pixels[(y + 1) * (mask.width + 2) + x + 1] = Number(c === "#"))));
  return mask;
}

function lines(mask: Framed, last = ALL): string[] {
  const flat = contourLines(mask, last);
  return Array.from({ length: flat.length / 4 }, (_, i) => flat.slice(4 * i, 4 * i + 4).join(" ")).sort();
}

describe("contour", () => {
  it("of a pixel is a square", () => {
    expect(lines(maskOf("...", ".#.", "..."))).toEqual(["1 1 1 2", "1 1 2 1", "1 2 2 2", "2 1 2 2"]);
  });

  it("of a rectangle is four lines, however long, also at the image's edge", () => {
    expect(lines(maskOf("####", "####"))).toEqual(["0 0 0 2", "0 0 4 0", "0 2 4 2", "4 0 4 2"]);
  });

  it("goes around a hole", () => {
    const found = lines(maskOf("###", "#.#", "###"));
    expect(found).toHaveLength(8);
    expect(found).toContain("1 1 2 1");
  });

  it("is nothing for an empty mask", () => {
    expect(lines(maskOf("...", "..."))).toEqual([]);
  });

  it("is as long as the mask's border, for any mask", () => {
    let seed = 1;
    const mask = framed(23, 17);
    for (let y = 1; y <= 17; y++) {
      for (let x = 1; x <= 23; x++) mask.pixels[y * 25 + x] = (seed = (seed * 48271) % 2147483647) % 2;
    }
    let border = 0;
    for (let y = 0; y < 19; y++) {
      for (let x = 0; x < 25; x++) {
        if (x < 24) border += Math.abs(mask.pixels[y * 25 + x]! - mask.pixels[y * 25 + x + 1]!);
        if (y < 18) border += Math.abs(mask.pixels[y * 25 + x]! - mask.pixels[(y + 1) * 25 + x]!);
      }
    }
    const flat = contourLines(mask, ALL);
    let length = 0;
    for (let i = 0; i < flat.length; i += 4) length += flat[i + 2]! - flat[i]! + flat[i + 3]! - flat[i + 1]!;
    expect(length).toBe(border);
  });

  it("leaves the right and bottom edges to the next tile, which finds them in its frame", () => {
    expect(lines(maskOf("##", "##"), { right: false, bottom: false })).toEqual(["0 0 0 2", "0 0 2 0"]);
    const next = maskOf("..", "..");
    next.pixels[1 * 4] = next.pixels[2 * 4] = 1; // the frame's left column
    expect(lines(next)).toEqual(["0 0 0 2"]);
  });
});

describe("a tile's mask", () => {
  const image = { width: 5, height: 3 };
  const plane = Uint8Array.from([..."....#", "#....", "....#"].join("")).map(() => 0);
  plane[4] = plane[5] = plane[14] = 1;

  it("is copied with its neighbours' pixels around it", () => {
    const tile = { x: 2, y: 0, width: 3, height: 3 };
    const mask = framed(3, 3);
    copyMask(plane, image, 0, tile, { x: 0, y: 0, width: 3, height: 3 }, mask);
    expect([...mask.pixels]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  });

  it("keeps thin structures when it is reduced", () => {
    const mask = framed(3, 2);
    copyMask(plane, image, 1, { x: 0, y: 0, width: 3, height: 2 }, { x: 0, y: 0, width: 3, height: 2 }, mask);
    expect([...mask.pixels.subarray(5, 10)]).toEqual([0, 1, 0, 1, 0]);
    expect([...mask.pixels.subarray(10, 15)]).toEqual([0, 0, 0, 1, 0]);
  });
});

describe("a reduced mask", () => {
  it("is the same whether it is brought up to date as a whole or in part, and as a plain search finds it", () => {
    const image = { width: 61, height: 47 };
    let seed = 7;
    const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const plane = Uint8Array.from({ length: image.width * image.height }, () => Number(random() < 0.03));
    for (const level of [1, 2, 3]) {
      const side = 2 ** level;
      const tile = { x: 3, y: 2, width: Math.ceil(61 / side) - 3, height: Math.ceil(47 / side) - 2 };
      const found = framed(tile.width, tile.height);
      found.pixels.fill(1);
      copyMask(plane, image, level, tile, { x: 0, y: 0, width: tile.width, height: tile.height }, found);
      const expected = framed(tile.width, tile.height);
      for (let y = 0; y < image.height; y++) {
        for (let x = 0; x < image.width; x++) {
          const [column, row] = [Math.floor(x / side) - tile.x + 1, Math.floor(y / side) - tile.y + 1];
          if (column >= 0 && row >= 0 && plane[y * image.width + x]) expected.pixels[row * (tile.width + 2) + column] = 1;
        }
      }
      expect([...found.pixels]).toEqual([...expected.pixels]);
      const before = found.pixels.slice();
      copyMask(plane, image, level, tile, { x: 1, y: 1, width: 2, height: 1 }, found);
      expect(found.pixels).toEqual(before);
    }
  });
});
