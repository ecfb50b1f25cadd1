/** What people are told when something does not do what they may have meant. */
import { round } from "./math";
import { LAYERS, type Masks } from "./planes";
import type { Entry, LabelTrait, Point, Prompt } from "./protocol";
import { isNegative, middleOf } from "./reshape";

export const PEN_DRAWS = "The pen draws. Two fingers move the picture.";
export const WINDOW_MODE = "Drag or arrows: across window, up and down level. W ends.";
export const NO_NEGATIVE_BOX = "A box holds the object. Scribble or click what is not it.";
const ONLY_NEGATIVE = "Only − so far: a mask begins with +.";
export const BESIDE = "That was beside the picture.";
export const IN_HAND = "First put down (C) or clear (R) the object in hand.";
export const NO_OBJECT = "No pixels, no object: R clears.";
export const TAKEN_UP = "In hand: draw to mend it, or Delete.";
export const lockedText = ({ name }: LabelTrait): string => `${name} is locked. Unlock it under Label (N).`;
export const hiddenText = ({ name }: LabelTrait): string => `${name} is hidden. Show it under Label (N).`;
const TAKEN = "Done objects and locked labels keep their pixels.";

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
  return place !== null && entries.some(({ locked }, label) => holds(masks, label, place, locked ? 0 : 1));
}

/** The label of the object that is done at a place; -1: there is none. */
export function doneAt(place: Point, masks: Masks, entries: readonly Entry[]): number {
  return entries.findIndex((_, label) => holds(masks, label, place, 1));
}

/** Whether any of a label's masks, from `layer` on, has a pixel at a place. */
function holds(masks: Masks, label: number, place: Point, layer: number): boolean {
  const [x, y] = place.map(round) as Point;
  if (x < 0 || y < 0 || x >= masks.width || y >= masks.height) return false;
  for (; layer < LAYERS; layer++) if (masks.plane(label, layer)?.[y * masks.width + x]) return true;
  return false;
}
