/** The masks of all labels, one byte a pixel, followed version by version. No screen, no messages. */
import { max, min } from "./math";

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

export class Masks {
  /** Of the mask that is held; null before the first. */
  version: number | null = null;
  private planes: (Uint8Array | undefined)[] = [];
  private areas: number[] = [];
  private hidden: Covered[] = [];
  /** What the last update wrote over; while `previousShown`, what it wrote. */
  private before: Covered[] = [];
  private previousShown = false;

  /** `touched` is told every rectangle in which a pixel changed, and the mask's slot. */
  constructor(
    readonly width: number,
    readonly height: number,
    private touched: (slot: number, rect: Rect) => void = () => {},
  ) {}

  /** (H, W) zeros and ones, or undefined while a mask has no pixel: it then needs no memory. */
  plane(label: number, layer = 0): Uint8Array | undefined {
    return this.planes[slotOf(label, layer)];
  }

  area(label: number): number {
    return this.areas[slotOf(label)] ?? 0;
  }

  /** Take an update. False when a version was missed: the masks stay as they are and the whole is needed. */
  apply(base: number | null, version: number, patches: Patch[]): boolean {
    this.showPrevious(false);
    this.hidePreview();
    if (base !== null && base !== this.version) return false;
    if (base === null) this.erase();
    const before = patches.map((patch) => this.cover(patch));
    this.before = base === null ? [] : before.filter((covered) => covered !== null);
    this.version = version;
    return true;
  }

  /** Show rectangles over the mask until the next update. False when they belong to another version. */
  showPreview(base: number, patches: Patch[]): boolean {
    if (base !== this.version) return false;
    this.showPrevious(false);
    this.hidePreview();
    this.hidden = patches.map((patch) => this.cover(patch)).filter((covered) => covered !== null);
    return true;
  }

  /** Show the masks as they were before the last update, or again as they are. */
  showPrevious(shown: boolean): void {
    if (shown === this.previousShown) return;
    if (shown) this.hidePreview();
    this.previousShown = shown;
    for (const covered of this.before) {
      const { slot, rect, pixels } = covered;
      covered.pixels = copyOut(this.allocated(slot), this.width, rect);
      this.put(slot, rect, pixels);
    }
  }

  hidePreview(): void {
    // Last first, in case two rectangles overlap.
    for (const { slot, rect, pixels } of this.hidden.reverse()) this.put(slot, rect, pixels);
    this.hidden = [];
  }

  private erase(): void {
    this.planes.forEach((plane, slot) => {
      if (!plane || !this.areas[slot]) return;
      plane.fill(0);
      this.areas[slot] = 0;
      this.touched(slot, { x: 0, y: 0, width: this.width, height: this.height });
    });
  }

  /** Write a patch, and tell what it covers; null when that is nothing. */
  private cover(patch: Patch): Covered | null {
    const rect = this.inside(patch);
    if (!rect) return null;
    const slot = slotOf(patch.label, patch.layer);
    const pixels = copyOut(this.allocated(slot), this.width, rect);
    this.put(slot, rect, unpackBits(patch, rect));
    return { slot, rect, pixels };
  }

  /** Set the pixels of a rectangle, keep the area, and tell the smallest rectangle that changed. */
  private put(slot: number, rect: Rect, pixels: Uint8Array): void {
    const plane = this.allocated(slot);
    let [area, left, right, top, bottom] = [0, rect.width, -1, rect.height, -1];
    for (let row = 0, at = 0; row < rect.height; row++) {
      const start = (rect.y + row) * this.width + rect.x;
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
    this.areas[slot] = (this.areas[slot] ?? 0) + area;
    this.touched(slot, { x: rect.x + left, y: rect.y + top, width: right - left + 1, height: bottom - top + 1 });
  }

  private allocated(slot: number): Uint8Array {
    return (this.planes[slot] ??= new Uint8Array(this.width * this.height));
  }

  /** A patch of another image (its message crossed with the image's) must not write outside. */
  private inside(rect: Rect): Rect | null {
    const x = max(rect.x, 0);
    const y = max(rect.y, 0);
    const width = min(rect.x + rect.width, this.width) - x;
    const height = min(rect.y + rect.height, this.height) - y;
    return width > 0 && height > 0 ? { x, y, width, height } : null;
  }
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
