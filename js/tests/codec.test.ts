import { describe, expect, it } from "vitest";
import { bytesOf, inflate, pixelsOf } from "../src/codec";
import { deflated } from "./fakehost";

describe("bytes from the kernel", () => {
  it("reads only its part of a larger buffer", () => {
    const buffer = Uint8Array.from([9, 9, 1, 2, 3, 9]).buffer;
    expect([...bytesOf(new DataView(buffer, 2, 3))]).toEqual([1, 2, 3]);
    expect([...bytesOf(new Uint8Array(buffer, 2, 2))]).toEqual([1, 2]);
    expect(bytesOf(buffer).length).toBe(6);
  });

  it.each(["uint16", "int16", "float32"] as const)("reads %s that does not lie on its boundary", (dtype) => {
    const kind = { uint16: Uint16Array, int16: Int16Array, float32: Float32Array }[dtype];
    const values = kind.from(dtype === "uint16" ? [1, 65535, 300] : [-1.5, 2, 300]);
    const bytes = new Uint8Array(values.byteLength + 1);
    bytes.set(new Uint8Array(values.buffer), 1);
    expect([...pixelsOf(new DataView(bytes.buffer, 1), dtype)]).toEqual([...values]);
  });

  it("shares aligned data instead of copying it", () => {
    const buffer = new ArrayBuffer(8);
    expect(pixelsOf(new DataView(buffer, 2, 4), "uint16").buffer).toBe(buffer);
  });

  it("refuses what is no whole number of values", () => {
    expect(() => pixelsOf(new DataView(new ArrayBuffer(3)), "uint16")).toThrow(/3 bytes/);
  });

  it("inflates what zlib deflated, wherever it lies", async () => {
    const plain = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) % 256);
    const small = await deflated(plain);
    const shifted = new Uint8Array(small.length + 3);
    shifted.set(small, 3);
    expect(await inflate(new DataView(shifted.buffer, 3))).toEqual(plain);
  });

  it("says so when data are cut off", async () => {
    const cut = (await deflated(new Uint8Array(1000))).subarray(0, 6);
    await expect(inflate(cut)).rejects.toThrow();
  });
});
