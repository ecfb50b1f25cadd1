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

export interface Minimap {
  readonly node: HTMLElement;
  update(picture: Picture | null, shading: Shading, view: View, stage: Size): void;
  free(): void;
}

/** `look` is given a place in shares of the image's width and height. */
export function makeMinimap(look: (at: Point) => void): Minimap {
  const canvas = h("canvas");
  const frame = h(".sp-frame");
  const node = h(".sp-minimap", { "aria-hidden": "true", title: "Drag to move the view", hidden: true }, canvas, frame);
  let painted: { picture: Picture; shading: Shading; means: Pixels } | null = null;

  function follow(event: PointerEvent): void {
    const { left, top, width, height } = node.getBoundingClientRect();
    look([(event.clientX - left) / width, (event.clientY - top) / height]);
  }
  listen(node, "pointerdown", (event) => {
    event.preventDefault();
    node.setPointerCapture(event.pointerId);
    follow(event);
  });
  listen(node, "pointermove", (event) => node.hasPointerCapture(event.pointerId) && follow(event));

  function paint(picture: Picture, shading: Shading): void {
    const level = mapLevel(picture);
    const rect = { x: 0, y: 0, ...levelSize(picture, level) };
    const means = painted?.picture === picture ? painted.means : reduced(picture, rect, level);
    painted = { picture, shading, means };
    canvas.width = rect.width;
    canvas.height = rect.height;
    const context = canvas.getContext("2d");
    if (!context) return;
    const grey = greyOf(picture, shading);
    writePixels({ canvas, context }, rect, (out) => paintPixels(picture, rect, grey, out, means));
  }

  return {
    node,
    update(picture, shading, view, stage) {
      const seen = picture && seenPart(view, picture, stage);
      node.hidden = !seen;
      if (!seen) return;
      if (painted?.picture !== picture || painted.shading !== shading) paint(picture, shading);
      const { width, height } = mapSize(picture, stage);
      node.style.cssText = `width:${width}px;height:${height}px`;
      const [left, top, right, bottom] = [seen.x, seen.y, seen.width, seen.height].map((share) => `${100 * share}%`);
      frame.style.cssText = `left:${left};top:${top};width:${right};height:${bottom}`;
    },
    free() {
      painted = null;
      canvas.width = canvas.height = 0;
    },
  };
}
