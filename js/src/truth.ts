/** The kernel's truth as the traits tell it, read when it is needed and never kept. */
import type { Host, LabelTrait, Prompt } from "./protocol";

const NAMELESS: LabelTrait[] = [{ name: "object", color: "#56b4e9" }];

export class Truth {
  constructor(private host: Host) {}

  get labels(): LabelTrait[] {
    const labels = this.host.get("_labels");
    return labels?.length ? labels : NAMELESS;
  }

  /** Index of the active label. */
  get active(): number {
    const name = this.host.get("label");
    const index = this.labels.findIndex((label) => label.name === name);
    return Math.max(index, 0);
  }

  /** What was drawn for a label; for the active one unless told. */
  prompts(label = this.active): Prompt[] {
    return this.host.get("_prompts")?.[label] ?? [];
  }

  get spacing(): [number, number] | null {
    return this.host.get("_image")?.spacing ?? null;
  }

  get model(): string {
    return this.host.get("_model") ?? "";
  }

  /** What waits for its answer (`waits`) can be undone as well: the kernel takes things in order. */
  can(waits: boolean): Record<"undo" | "redo" | "clear", boolean> {
    const can = this.host.get("_can");
    return { undo: waits || !!can?.undo, redo: !!can?.redo, clear: waits || this.prompts().length > 0 };
  }
}
