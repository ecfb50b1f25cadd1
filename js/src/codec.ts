/** Bytes from the kernel to arrays. Data are little-endian, as every machine that runs a browser is. */
import type { Bytes, Dtype } from "./protocol";

export type Pixels = Uint8Array | Uint16Array | Int16Array | Float32Array;

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array };

/** The bytes themselves. A DataView is often a window into a whole message, hence its offset and length. */
export function bytesOf(data: Bytes): Uint8Array {
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** `data` as `dtype`: a view where the alignment allows one, else a copy. */
export function pixelsOf(data: Bytes, dtype: Dtype): Pixels {
  const kind = ARRAYS[dtype];
  if (!kind) throw new Error(`unknown dtype ${dtype}`);
  let bytes = bytesOf(data);
  if (bytes.byteLength % kind.BYTES_PER_ELEMENT) {
    throw new Error(`${bytes.byteLength} bytes are no whole number of ${dtype}`);
  }
  if (bytes.byteOffset % kind.BYTES_PER_ELEMENT) bytes = bytes.slice();
  return new kind(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / kind.BYTES_PER_ELEMENT);
}

/** Undo zlib. */
export async function inflate(data: Bytes): Promise<Uint8Array> {
  // A copy, because a Blob keeps what it is given and messages' buffers are shared.
  const stream = new Blob([bytesOf(data).slice()]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
