/** Putting an object down, and taking it up again. */
import { IN_HAND, NO_OBJECT, TAKEN_UP, doneAt } from "./hints";
import type { Kernel } from "./kernel";
import { round } from "./math";
import type { Command, Entry, Point } from "./protocol";
import type { Truth } from "./truth";

export interface ObjectsEvents {
  entries(): Entry[];
  isHidden(label: number): boolean;
  /** Whether nothing may be done to a label; the person is told. */
  isLocked(label: number): boolean;
  ask(command: Command): void;
  /** Whether the kernel has answered all; the person is told when not. */
  mayChange(): boolean;
  choose(label: number): void;
  say(text: string): void;
}

export interface Objects {
  /** The object in hand was taken up, and nothing was done to it since. */
  readonly isAsTaken: boolean;
  /** Whether there is one to take up at a place. */
  isAt(at: Point): boolean;
  commit(): void;
  /** Take up again what is done at a place. */
  resume(at: Point): void;
  /** The kernel answered a command, or changed something of its own. */
  changed(command: Command | undefined): void;
}

export function makeObjects(kernel: Kernel, truth: Truth, events: ObjectsEvents): Objects {
  const { ask, say } = events;
  const labelAt = (at: Point): number => {
    const label = doneAt(at, kernel.masks, events.entries());
    return events.isHidden(label) ? -1 : label;
  };
  return {
    get isAsTaken() {
      return truth.entry().taken && !kernel.requests.size;
    },
    isAt: (at) => labelAt(at) >= 0,
    commit() {
      const { active } = truth;
      const isEmpty = !kernel.masks.area(active) && !kernel.requests.size;
      if (isEmpty) say(truth.prompts().length ? NO_OBJECT : "Draw an object first.");
      else if (!events.isLocked(active)) ask({ type: "commit", label: active });
    },
    resume([x, y]) {
      const label = labelAt([x, y]);
      if (label < 0 || !events.mayChange() || events.isLocked(label)) return;
      const { edits, started, taken } = truth.entry(label);
      if (taken || !(truth.prompts(label).length || edits || started)) ask({ type: "resume", x: round(x), y: round(y) });
      else {
        if (label !== truth.active) events.choose(label);
        say(IN_HAND);
      }
    },
    changed(command) {
      if (command?.type === "resume") say(TAKEN_UP);
      // It was asked before it was known what comes of the prompts.
      if (command?.type === "commit" && truth.prompts(command.label).length) say(NO_OBJECT);
    },
  };
}
