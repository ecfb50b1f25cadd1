/** The kernel's truth as traits and updates tell it, read when it is needed and never kept. */
import { min } from "./math";
import type { PromptLists } from "./promptlists";
import type { Entry, Host, LabelTrait, Prompt } from "./protocol";

const NAMELESS: LabelTrait[] = [{ name: "object", color: "#56b4e9" }];

/** Of a label that nothing was done to. */
export const NOTHING: Entry = {
  edits: 0,
  threshold: 0.5,
  fill_holes: false,
  keep_largest: false,
  smooth: 0,
  started: false,
  taken: false,
  locked: false,
  objects: 0,
  removable: false,
};

export interface Truth {
  readonly labels: LabelTrait[];
  /** Index of the active label. While it is renamed, its new name comes a moment after the list: it is where it was. */
  readonly active: number;
  readonly spacing: [number, number] | null;
  readonly model: string;
  /** What else is known of a label; of the active one unless told. */
  entry(label?: number): Entry;
  /** What was drawn for a label; for the active one unless told. */
  prompts(label?: number): readonly Prompt[];
  /** What waits for its answer (`waits`), and what was answered just now, can be undone as well. */
  can(waits: boolean): Record<"undo" | "redo" | "clear", boolean>;
}

export function makeTruth(host: Host, lists: PromptLists): Truth {
  let lastActive = 0;

  function labels(): LabelTrait[] {
    const known = host.get("_labels");
    return known?.length ? known : NAMELESS;
  }

  function active(): number {
    const name = host.get("label");
    const index = labels().findIndex((label) => label.name === name);
    if (index >= 0) lastActive = index;
    return min(lastActive, labels().length - 1);
  }

  const entry = (label = active()): Entry => host.get("_entries")?.[label] ?? NOTHING;
  const prompts = (label = active()): readonly Prompt[] => lists.of(label);

  return {
    get labels() {
      return labels();
    },
    get active() {
      return active();
    },
    get spacing() {
      return host.get("_image")?.spacing ?? null;
    },
    get model() {
      return host.get("_model") ?? "";
    },
    entry,
    prompts,
    can(waits) {
      const can = host.get("_can");
      const { edits, started } = entry();
      return {
        undo: waits || !!can?.undo || !lists.isEmpty,
        redo: waits || !!can?.redo,
        clear: waits || prompts().length > 0 || edits > 0 || started,
      };
    },
  };
}
