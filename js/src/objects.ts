/** Putting an object down, and taking it up again. */
import { IN_HAND, TAKEN_UP, doneAt, lockedText } from "./hints";
import type { Kernel } from "./kernel";
import { round } from "./math";
import type { Command, Entry, Point } from "./protocol";
import type { Truth } from "./truth";

export interface ObjectsEvents {
  entries(): Entry[];
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

export function makeObjects(kernel: Kernel, truth: Truth, { entries, ask, mayChange, choose, say }: ObjectsEvents): Objects {
  /** The labels whose object was asked for last, and whose stands as it was taken up; -1: none does. */
  let asked = -1;
  let taken = -1;
  const done = (at: Point): number => doneAt(at, kernel.masks, entries());
  const isAsTaken = (label: number): boolean => {
    const waiting = kernel.requests.commands.pop();
    return label === (waiting ? waiting.type === "resume" && asked : taken);
  };
  return {
    get isAsTaken() {
      return isAsTaken(truth.active);
    },
    isAt: (at) => done(at) >= 0,
    commit() {
      const { active } = truth;
      if (!kernel.masks.area(active) && !kernel.requests.size) say("Draw an object first.");
      else ask({ type: "commit", label: active });
    },
    resume([x, y]) {
      const label = done([x, y]);
      if (label < 0 || !mayChange()) return;
      const { edits, started, locked } = truth.entry(label);
      if (locked) say(lockedText(truth.labels[label]!));
      else if (!isAsTaken(label) && (truth.prompts(label).length || edits || started)) say(IN_HAND);
      else {
        if (isAsTaken(label)) ask({ type: "commit", label });
        ask({ type: "resume", x: round(x), y: round(y) });
        asked = label;
        if (label !== truth.active) choose(label);
        say(TAKEN_UP);
      }
    },
    changed(command) {
      taken = command?.type === "resume" ? asked : -1;
    },
  };
}
