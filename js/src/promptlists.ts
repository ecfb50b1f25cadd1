/** What was drawn, label by label, followed version by version as the masks are. */
import type { Prompt, PromptsTrait, Update } from "./protocol";

export interface PromptLists {
  /** Of the lists that are held; null before the first. */
  readonly version: number | null;
  readonly isEmpty: boolean;
  of(label: number): readonly Prompt[];
  /** Take all of them, or forget all. */
  replace(all: { version: number | null; lists: PromptsTrait["lists"] }): void;
  /** Take an update. False when a version was missed: the lists stay as they are and the whole is needed. */
  apply(update: Pick<Update, "base" | "version" | "prompts">): boolean;
}

export function makePromptLists(): PromptLists {
  let held: number | null = null;
  let lists: Prompt[][] = [];
  const of = (label: number): readonly Prompt[] => lists[label] ?? [];
  return {
    get version() {
      return held;
    },
    get isEmpty() {
      return !lists.flat().length;
    },
    of,
    replace(all) {
      held = all.version;
      lists = all.lists.slice();
    },
    apply({ base, version, prompts }) {
      if (held !== null && version <= held) return true; // known already
      if (base === null) lists = [];
      else if (base !== held) return false;
      for (const { label, kept, added } of prompts) lists[label] = [...of(label).slice(0, kept), ...added];
      held = version;
      return true;
    },
  };
}
