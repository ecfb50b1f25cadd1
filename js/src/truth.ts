/** The kernel's truth as traits and updates tell it, read when it is needed and never kept. */
import { min } from "./math";
import type { PromptLists } from "./promptlists";
import type { Entry, Host, LabelTrait, Prompt } from "./protocol";

const NAMELESS: LabelTrait[] = [{ name: "object", color: "#56b4e9" }];

const NOTHING: Entry = {
  edits: 0,
  threshold: 0.5,
  fill_holes: false,
  keep_largest: false,
  smooth: 0,
  started: false,
  locked: false,
  objects: 0,
};

export class Truth {
  private lastActive = 0;

  constructor(
    private host: Host,
    private lists: PromptLists,
  ) {}

  get labels(): LabelTrait[] {
    const labels = this.host.get("_labels");
    return labels?.length ? labels : NAMELESS;
  }

  /** Index of the active label. While it is renamed, its new name comes a moment after the list: it is where it was. */
  get active(): number {
    const { labels } = this;
    const name = this.host.get("label");
    const index = labels.findIndex((label) => label.name === name);
    if (index >= 0) this.lastActive = index;
    return min(this.lastActive, labels.length - 1);
  }

  /** What else is known of a label; of the active one unless told. */
  entry(label = this.active): Entry {
    return this.host.get("_entries")?.[label] ?? NOTHING;
  }

  /** What was drawn for a label; for the active one unless told. */
  prompts(label = this.active): readonly Prompt[] {
    return this.lists.of(label);
  }

  get spacing(): [number, number] | null {
    return this.host.get("_image")?.spacing ?? null;
  }

  get model(): string {
    return this.host.get("_model") ?? "";
  }

  /** What waits for its answer (`waits`), and what was answered just now, can be undone as well. */
  can(waits: boolean): Record<"undo" | "redo" | "clear", boolean> {
    const can = this.host.get("_can");
    const { edits, started } = this.entry();
    return {
      undo: waits || !!can?.undo || !this.lists.isEmpty,
      redo: waits || !!can?.redo,
      clear: waits || this.prompts().length > 0 || edits > 0 || started,
    };
  }
}
