/** The whole picture in a corner while only a part of it is seen. A drag in it moves the view. */
import type { Pixels } from "./codec";
import { h, listen } from "./dom";
import { floor, max, min } from "./math";
import type { Point } from "./protocol";
import { greyOf, paintPixels, reduced, type Picture } from "./raster";
import { writePixels } from "./surface";
import { levelSize } from "./tiles";
import { seenPart, type Size, type View } from "./view";
import type { Shading } from "./windowlevel";

/** The longer side in CSS pixels, and at most this part of the canvas. */
const LONGEST = 120;
const LARGEST_SHARE = 0.25;
/** The shorter side of an oblong picture: it can still be hit. */
const SHORTEST = 12;

/** As large on the screen as a map of `image` should be. */
export function mapSize(image: Size, stage: Size): Size {
  const longest = min(LONGEST, LARGEST_SHARE * stage.width, 2 * LARGEST_SHARE * stage.height);
  const scale = longest / max(image.width, image.height);
  return { width: max(image.width * scale, SHORTEST), height: max(image.height * scale, SHORTEST) };
}

/** The reduction whose longer side has at least as many pixels as the map has, for sharp screens. */
function mapLevel(image: Size): number {
  return max(floor(Math.log2(max(image.width, image.height) / (2 * LONGEST))), 0);
}

export class Minimap {
  private canvas = h("canvas");
  private frame = h(".sp-frame");
  readonly node = h(".sp-minimap", { "aria-hidden": "true", title: "Drag to move the view", hidden: true }, this.canvas, this.frame);
  private painted: { picture: Picture; shading: Shading; means: Pixels } | null = null;

  /** `look` is given a place in shares of the image's width and height. */
  constructor(look: (at: Point) => void) {
    const follow = (event: PointerEvent): void => {
      const { left, top, width, height } = this.node.getBoundingClientRect();
      look([(event.clientX - left) / width, (event.clientY - top) / height]);
    };
    listen(this.node, "pointerdown", (event) => {
      event.preventDefault();
      this.node.setPointerCapture(event.pointerId);
      follow(event);
    });
    listen(this.node, "pointermove", (event) => this.node.hasPointerCapture(event.pointerId) && follow(event));
  }

  update(picture: Picture | null, shading: Shading, view: View, stage: Size): void {
    const seen = picture && seenPart(view, picture, stage);
    this.node.hidden = !seen;
    if (!seen) return;
    if (this.painted?.picture !== picture || this.painted.shading !== shading) this.paint(picture, shading);
    const { width, height } = mapSize(picture, stage);
    this.node.style.cssText = `width:${width}px;height:${height}px`;
    const [left, top, right, bottom] = [seen.x, seen.y, seen.width, seen.height].map((share) => `${100 * share}%`);
    this.frame.style.cssText = `left:${left};top:${top};width:${right};height:${bottom}`;
  }

  free(): void {
    this.painted = null;
    this.canvas.width = this.canvas.height = 0;
  }

  private paint(picture: Picture, shading: Shading): void {
    const level = mapLevel(picture);
    const rect = { x: 0, y: 0, ...levelSize(picture, level) };
    const means = this.painted?.picture === picture ? this.painted.means : reduced(picture, rect, level);
    this.painted = { picture, shading, means };
    this.canvas.width = rect.width;
    this.canvas.height = rect.height;
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const grey = greyOf(picture, shading);
    writePixels({ canvas: this.canvas, context }, rect, (out) => paintPixels(picture, rect, grey, out, means));
  }
}
