/** What was drawn, label by label, followed version by version as the masks are. */
import type { Prompt, PromptsTrait, Update } from "./protocol";

export class PromptLists {
  /** Of the lists that are held; null before the first. */
  version: number | null = null;
  private lists: Prompt[][] = [];

  of(label: number): readonly Prompt[] {
    return this.lists[label] ?? [];
  }

  get isEmpty(): boolean {
    return this.lists.every((list) => list.length === 0);
  }

  /** Take all of them, or forget all. */
  replace({ version, lists }: { version: number | null; lists: PromptsTrait["lists"] }): void {
    this.version = version;
    this.lists = lists.map((list) => list.slice());
  }

  /** Take an update. False when a version was missed: the lists stay as they are and the whole is needed. */
  apply({ base, version, prompts }: Pick<Update, "base" | "version" | "prompts">): boolean {
    if (this.version !== null && version <= this.version) return true; // known already
    if (base !== null && base !== this.version) return false;
    for (const { label, kept, added } of prompts) this.lists[label] = [...this.of(label).slice(0, kept), ...added];
    this.version = version;
    return true;
  }
}
