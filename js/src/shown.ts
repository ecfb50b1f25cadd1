/** Which prompts are to be seen, and how: what the kernel has, changed as it was asked to be, and what is being drawn. */
import type { Command, LabelTrait, Prompt, Reprompt } from "./protocol";
import type { Shown } from "./scene";

export interface Known {
  /** Of the active label. */
  kept: readonly Prompt[];
  selected: Prompt | null;
  /** What a drag or wipe in progress would make of them. */
  changes: Reprompt[];
  active: number;
  labels: LabelTrait[];
  waiting: Command[];
  failed: Command[];
}

export function shownPrompts({ kept, selected, changes, active, labels, waiting, failed }: Known): Shown[] {
  const asked = waiting.flatMap((command) => (command.type === "reprompt" && command.label === active ? command.changes : []));
  const becomes = new Map([...asked, ...changes].map(({ index, prompts }) => [index, prompts]));
  const drawn = (commands: Command[], state: Shown["state"]): Shown[] =>
    commands.flatMap((command): Shown[] => {
      if (command.type === "prompt") return [{ prompt: command.prompt, state }];
      return command.type === "paint" ? [{ prompt: command.prompt, state, ink: labels[command.label]?.color }] : [];
    });
  return [
    ...kept.flatMap((prompt, index): Shown[] => {
      const isSelected = prompt === selected;
      const others = becomes.get(index);
      if (!others) return [{ prompt, state: "kept", selected: isSelected }];
      return others.map((other): Shown => ({ prompt: other, state: "pending", selected: isSelected }));
    }),
    ...drawn(failed, "failed"),
    ...drawn(waiting, "pending"),
  ];
}
