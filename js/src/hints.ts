/** What people are told when something does not do what they may have meant. */
import { round } from "./math";
import { LAYERS, type Masks } from "./planes";
import type { Entry, Point, Prompt } from "./protocol";
import { isNegative, middleOf } from "./reshape";

export const PEN_DRAWS = "The pen draws. Two fingers move the picture.";
export const WINDOW_MODE = "Drag or arrows: across window, up and down level. W ends.";
export const NO_NEGATIVE_BOX = "A box holds the object. Scribble or click what is not it.";
const ONLY_NEGATIVE = "Only − so far: a mask begins with +.";
const TAKEN = "Objects that are done, and locked labels, keep their pixels.";

/** Why there is no mask where the last of a label's prompts was drawn, if that is known. */
export function whyNothing(drawn: readonly Prompt[], label: number, masks: Masks, entries: readonly Entry[]): string | null {
  const last = drawn[drawn.length - 1];
  if (!last) return null;
  if (masks.area(label)) return !isNegative(last) && isTaken(middleOf(last), masks, entries) ? TAKEN : null;
  if (drawn.every(isNegative)) return ONLY_NEGATIVE;
  return entries.some(({ objects, locked }) => objects || locked) ? TAKEN : null;
}

/** Whether a pixel belongs to an object that is done, or to a locked label. */
function isTaken(place: Point | null, masks: Masks, entries: readonly Entry[]): boolean {
  if (!place) return false;
  const [x, y] = place.map(round) as Point;
  if (x < 0 || y < 0 || x >= masks.width || y >= masks.height) return false;
  const at = y * masks.width + x;
  return entries.some(({ locked }, label) => {
    for (let layer = locked ? 0 : 1; layer < LAYERS; layer++) if (masks.plane(label, layer)?.[at]) return true;
    return false;
  });
}
