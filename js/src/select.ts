/** The select tool: one prompt at a time is taken, moved, reshaped or deleted. */
import { distance } from "./geometry";
import { BESIDE } from "./hints";
import { min } from "./math";
import type { Hand, PenEvents } from "./pen";
import { isRaster, type DrawnPrompt, type Point, type Prompt, type Reprompt } from "./protocol";
import { handlesOf, promptAt, reshaped, WHOLE } from "./reshape";
import { toImage, toScreen } from "./view";

/** In CSS pixels: so near is on it. */
const REACH = 8;
/** In CSS pixels: a shorter drag was a click, which only selects. */
const LEAST_DRAG = 2;

export interface PromptEvents extends PenEvents {
  prompts(): readonly Prompt[];
  /** False when prompts cannot be changed just now; the person is told why. */
  mayChange(): boolean;
  /** False when they may not be changed; the person is told why. */
  change(changes: Reprompt[]): boolean;
  /** A place was clicked at which no prompt is. */
  resume(at: Point): void;
}

interface Drag {
  /** What is dragged, as it was. */
  prompt: Prompt;
  handle: number;
}

export interface SelectHand extends Hand {
  readonly selected: Prompt | null;
  /** What the drag so far would make of the list. */
  readonly changes: Reprompt[];
  /** Handles on the screen, of the selected prompt as it is shown. */
  readonly handles: Point[];
  /** False when nothing is selected. */
  remove(): boolean;
  /** Select nothing. False when nothing was. */
  drop(): boolean;
  /** Whether there is something to take under the pointer. */
  isOver(at: Point): boolean;
}

export function makeSelectHand({ where, say, prompts, mayChange, change, resume }: PromptEvents): SelectHand {
  /** The selected prompt, and where it is in the list of the active label. */
  let taken: Prompt | null = null;
  let index = -1;
  /** What it was since it was selected, and what it was asked to become: changes are undone, too. */
  let shapes: Prompt[] = [];
  let drag: Drag | null = null;
  /** Where the pointer went down, and how far it is from there. */
  let from: Point = [0, 0];
  let by: Point = [0, 0];

  /** A prompt stays selected while it is where it was, in any of its shapes. */
  function selected(): Prompt | null {
    const there = prompts()[index] ?? null;
    if (there === taken) return taken;
    if (there && shapes.some((shape) => isAlike(shape, there))) taken = there;
    else select(-1);
    return taken;
  }

  function select(at: number): void {
    index = at;
    taken = prompts()[at] ?? null;
    shapes = taken ? [taken] : [];
  }

  function dragged(): DrawnPrompt | null {
    if (!drag || drag.prompt !== selected() || isRaster(drag.prompt)) return null;
    const { image, view } = where();
    return reshaped(drag.prompt, drag.handle, [by[0] / view.scale, by[1] / view.scale], image);
  }

  function handles(): Point[] {
    const prompt = dragged() ?? selected();
    const { view } = where();
    return prompt ? handlesOf(prompt).map((point) => toScreen(view, point)) : [];
  }

  /** The nearest handle within reach, or WHOLE. */
  function handleAt(at: Point): number {
    const ways = handles().map((handle) => distance(handle, at));
    const nearest = min(...ways);
    return nearest <= REACH ? ways.indexOf(nearest) : WHOLE;
  }

  function indexAt(at: Point): number {
    const { view } = where();
    return promptAt(prompts(), toImage(view, at), REACH / view.scale);
  }

  function drop(): boolean {
    const wasSelected = selected() !== null;
    select(-1);
    drag = null;
    return wasSelected;
  }

  return {
    get selected() {
      return selected();
    },
    get changes() {
      const shape = dragged();
      return shape ? [{ index, prompts: [shape] }] : [];
    },
    get handles() {
      return handles();
    },
    begin(at) {
      const handle = handleAt(at);
      if (handle === WHOLE) select(indexAt(at));
      const prompt = selected();
      from = at;
      by = [0, 0];
      drag = prompt && { prompt, handle };
    },
    extend(points) {
      const at = points[points.length - 1]!;
      by = [at[0] - from[0], at[1] - from[1]];
    },
    commit() {
      const shape = dragged();
      const done = drag;
      drag = null;
      const isClick = distance(by, [0, 0]) < LEAST_DRAG;
      if (!done && isClick) resume(toImage(where().view, from));
      if (!done || isClick) return;
      // It may have been changed from elsewhere during the drag.
      if (done.prompt !== selected() || !mayChange()) return;
      if (isRaster(done.prompt)) say("Pixels can be deleted, but not moved.");
      else if (shape) {
        if (change([{ index, prompts: [shape] }])) shapes.push(shape);
      } else say(`${BESIDE} Delete removes it.`);
    },
    discard() {
      drag = null;
    },
    remove() {
      if (!selected()) return false;
      if (!mayChange()) return true;
      if (change([{ index, prompts: [] }])) drop();
      return true;
    },
    drop,
    isOver: (at) => drag !== null || handleAt(at) !== WHOLE || indexAt(at) >= 0,
  };
}

/** Whether two prompts say the same; the kernel writes what it was sent in an order of its own. */
function isAlike(sent: Prompt, told: Prompt): boolean {
  const text = (prompt: Prompt): string => JSON.stringify(Object.entries(prompt).sort());
  return text(sent) === text(told);
}
