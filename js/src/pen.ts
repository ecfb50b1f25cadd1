/** The stroke in progress: from the pointer going down to a prompt on its way to the kernel. */
import type { Clock } from "./clock";
import { distance } from "./geometry";
import { BESIDE } from "./hints";
import type { Kernel } from "./kernel";
import { min } from "./math";
import type { DrawnPrompt, Point } from "./protocol";
import { isOnImage } from "./seen";
import { makeStroke, TOLERANCE, type Mark, type Stroke, type Tool } from "./stroke";
import { toImage, type Size, type View } from "./view";

/** In CSS pixels: a box smaller than this was a click. */
const LEAST_DRAG = 3;
/** In CSS pixels: positions closer than this say nothing new. */
const LEAST_STEP = 0.3;
/** A tap this soon after another (in milliseconds) and this near (in CSS pixels) is the rest of a double click. */
const DOUBLE_WITHIN = 500;
const DOUBLE_NEAR = 5;

/** Tools that need some way, and what to say where there was none. */
const DRAG: Partial<Record<Tool, string>> = {
  box: "Drag a box around the object.",
  circle: "Drag from the middle to the edge.",
};
const FLAT = "A lasso goes around something.";

export interface PenEvents {
  /** Image and view as they are now. */
  where(): { image: Size; view: View };
  /** Tell the person why nothing came of a stroke. */
  say(text: string): void;
}

/** What a tool does with the pointer. Places are CSS pixels of the canvas. */
export interface Hand {
  begin(at: Point, mark: Mark): void;
  extend(points: Point[]): void;
  /** The pointer was lifted. */
  commit(): void;
  /** It was no stroke. */
  discard(): void;
}

export interface Pen extends Hand {
  readonly stroke: Stroke | null;
  /** What to show of the stroke. */
  readonly shown: DrawnPrompt | null;
  /** What a preview should be asked for. */
  readonly soFar: { label: number; prompt: DrawnPrompt } | null;
  send(mark: Pick<Mark, "label" | "direct">, prompt: DrawnPrompt): void;
  /** Something else was done: what is tapped next is meant, wherever it is. */
  forgetTap(): void;
}

export function makePen(kernel: Kernel, clock: Clock, { where, say }: PenEvents): Pen {
  let stroke: Stroke | null = null;
  let from: Point = [0, 0];
  let place: Point = [0, 0];
  /** The last stroke, where it was no more than a tap. */
  let tap: { stroke: Stroke; at: Point; time: number } | null = null;

  /** Whether the pointer went far enough from where it came down. */
  const isFar = (): boolean => distance(place, from) >= LEAST_DRAG;

  /** Whether the stroke is one. */
  const dragged = (): boolean => !stroke || !DRAG[stroke.tool] || isFar();

  const isPreviewed = (): boolean => stroke !== null && stroke.tool !== "click" && !stroke.direct;

  function end(): void {
    stroke = null;
    kernel.previews.end();
    kernel.active();
  }

  function send({ label, direct }: Pick<Mark, "label" | "direct">, prompt: DrawnPrompt): void {
    kernel.ask({ type: direct ? "paint" : "prompt", label, prompt }, clock.now());
  }

  /** Whether the stroke that has just ended says what the tap before it said. */
  function isRepeated(ended: Stroke): boolean {
    const before = tap;
    tap = isFar() ? null : { stroke: ended, at: place, time: clock.now() };
    if (!before || !tap || DRAG[ended.tool]) return false;
    const kind = ({ tool, label, positive, direct }: Stroke): string => [tool, label, positive, direct].join();
    const near = distance(place, before.at) <= DOUBLE_NEAR;
    return kind(ended) === kind(before.stroke) && near && tap.time - before.time <= DOUBLE_WITHIN;
  }

  return {
    get stroke() {
      return stroke;
    },
    get shown() {
      return dragged() ? (stroke?.prompt(where().image, 0) ?? null) : null;
    },
    get soFar() {
      const prompt = stroke?.prompt(where().image);
      return prompt ? { label: stroke!.label, prompt } : null;
    },
    begin(at, mark) {
      stroke = makeStroke(mark, toImage(where().view, at));
      from = place = at;
      if (isPreviewed()) kernel.previews.begin();
      kernel.active();
    },
    extend(points) {
      if (!stroke) return;
      const { view } = where();
      for (const at of points) {
        stroke.extend(toImage(view, at), LEAST_STEP / view.scale);
        place = at;
      }
      if (isPreviewed() && dragged()) kernel.previews.grown();
    },
    commit() {
      if (!stroke) return;
      const ended = stroke;
      const isDrag = dragged();
      const { image, view } = where();
      // What is magnified is drawn more finely.
      const prompt = ended.prompt(image, min(TOLERANCE, 1 / view.scale));
      end();
      const repeated = isRepeated(ended);
      if (isDrag && prompt && !repeated) {
        // A preview stays until the answer comes, so that the mask does not flicker.
        send(ended, prompt);
        return;
      }
      kernel.masks.hidePreview();
      if (repeated) return;
      const isThere = ended.points.some((point) => isOnImage(point, image));
      say(!isDrag ? DRAG[ended.tool]! : isThere ? FLAT : BESIDE);
    },
    discard() {
      end();
      kernel.masks.hidePreview();
    },
    send,
    forgetTap() {
      tap = null;
    },
  };
}
