/** The masks of all labels, one byte a pixel, followed version by version. No screen, no messages. */
import { max, min } from "./math";
import type { Size } from "./view";

/** Each label has one mask that is being drawn, layer 0, and some for the objects that were committed. */
export const LAYERS = 5;

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A rectangle of one label's mask, one bit a pixel, the first in the highest bit, rows not padded. */
export interface Patch extends Rect {
  label: number;
  layer?: number;
  bits: Uint8Array;
}

/** What was there before something was written over it. */
interface Covered {
  slot: number;
  rect: Rect;
  pixels: Uint8Array;
}

export interface Masks extends Size {
  /** Of the mask that is held; null before the first. */
  readonly version: number | null;
  /** (H, W) zeros and ones, or undefined while a mask has no pixel: it then needs no memory. */
  plane(label: number, layer?: number): Uint8Array | undefined;
  area(label: number): number;
  /** Take an update. False when a version was missed: the masks stay as they are and the whole is needed. */
  apply(base: number | null, version: number, patches: Patch[]): boolean;
  /** Show rectangles over the mask until the next update. False when they belong to another version. */
  showPreview(base: number, patches: Patch[]): boolean;
  /** Show the masks as they were before the last update, or again as they are. */
  showPrevious(shown: boolean): void;
  hidePreview(): void;
}

/** `touched` is told every rectangle in which a pixel changed, and the mask's slot. */
export function makeMasks(width: number, height: number, touched: (slot: number, rect: Rect) => void = () => {}): Masks {
  let held: number | null = null;
  const planes: (Uint8Array | undefined)[] = [];
  const areas: number[] = [];
  let hidden: Covered[] = [];
  /** What the last update wrote over; while `previousShown`, what it wrote. */
  let before: Covered[] = [];
  let previousShown = false;

  const allocated = (slot: number): Uint8Array => (planes[slot] ??= new Uint8Array(width * height));

  function showPrevious(shown: boolean): void {
    if (shown === previousShown) return;
    if (shown) hidePreview();
    previousShown = shown;
    // Last first, and the other way round the next time, in case two rectangles overlap.
    for (const covered of before.reverse()) {
      const { slot, rect, pixels } = covered;
      covered.pixels = copyOut(allocated(slot), width, rect);
      put(slot, rect, pixels);
    }
  }

  function hidePreview(): void {
    // Last first, in case two rectangles overlap.
    for (const { slot, rect, pixels } of hidden.reverse()) put(slot, rect, pixels);
    hidden = [];
  }

  function erase(): void {
    planes.forEach((plane, slot) => {
      if (!plane || !areas[slot]) return;
      plane.fill(0);
      areas[slot] = 0;
      touched(slot, { x: 0, y: 0, width, height });
    });
  }

  /** Write patches, and tell what they cover. */
  function cover(patches: Patch[]): Covered[] {
    return patches.flatMap((patch): Covered[] => {
      const rect = inside(patch);
      if (!rect) return [];
      const slot = slotOf(patch.label, patch.layer);
      const pixels = copyOut(allocated(slot), width, rect);
      put(slot, rect, unpackBits(patch, rect));
      return [{ slot, rect, pixels }];
    });
  }

  /** Set the pixels of a rectangle, keep the area, and tell the smallest rectangle that changed. */
  function put(slot: number, rect: Rect, pixels: Uint8Array): void {
    const plane = allocated(slot);
    let [area, left, right, top, bottom] = [0, rect.width, -1, rect.height, -1];
    for (let row = 0, at = 0; row < rect.height; row++) {
      const start = (rect.y + row) * width + rect.x;
      for (let column = 0; column < rect.width; column++, at++) {
        const pixel = pixels[at]!;
        if (plane[start + column] === pixel) continue;
        plane[start + column] = pixel;
        area += pixel ? 1 : -1;
        if (column < left) left = column;
        if (column > right) right = column;
        if (row < top) top = row;
        bottom = row;
      }
    }
    if (right < 0) return;
    areas[slot] = (areas[slot] ?? 0) + area;
    touched(slot, { x: rect.x + left, y: rect.y + top, width: right - left + 1, height: bottom - top + 1 });
  }

  /** A patch of another image (its message crossed with the image's) must not write outside. */
  function inside(patch: Rect): Rect | null {
    const [x, y] = [max(patch.x, 0), max(patch.y, 0)];
    const rect = { x, y, width: min(patch.x + patch.width, width) - x, height: min(patch.y + patch.height, height) - y };
    return rect.width > 0 && rect.height > 0 ? rect : null;
  }

  return {
    width,
    height,
    get version() {
      return held;
    },
    plane: (label, layer) => planes[slotOf(label, layer)],
    area: (label) => areas[slotOf(label)] ?? 0,
    apply(base, version, patches) {
      showPrevious(false);
      hidePreview();
      if (base !== null && base !== held) return false;
      if (base === null) erase();
      const covered = cover(patches);
      before = base === null ? [] : covered;
      held = version;
      return true;
    },
    showPreview(base, patches) {
      if (base !== held) return false;
      showPrevious(false);
      hidePreview();
      hidden = cover(patches);
      return true;
    },
    showPrevious,
    hidePreview,
  };
}

export function slotOf(label: number, layer = 0): number {
  return label * LAYERS + layer;
}

/** The part of a patch in `rect`, which lies within it, one byte a pixel. */
export function unpackBits(patch: Patch, rect: Rect = patch): Uint8Array {
  const { bits } = patch;
  const pixels = new Uint8Array(rect.width * rect.height);
  for (let row = 0, at = 0; row < rect.height; row++) {
    let bit = (rect.y - patch.y + row) * patch.width + rect.x - patch.x;
    for (let column = 0; column < rect.width; column++, bit++, at++) {
      pixels[at] = (bits[bit >> 3]! >> (7 - (bit & 7))) & 1;
    }
  }
  return pixels;
}

function copyOut(plane: Uint8Array, stride: number, rect: Rect): Uint8Array {
  const copy = new Uint8Array(rect.width * rect.height);
  for (let row = 0; row < rect.height; row++) {
    const start = (rect.y + row) * stride + rect.x;
    copy.set(plane.subarray(start, start + rect.width), row * rect.width);
  }
  return copy;
}
