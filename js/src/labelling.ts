/** What the person asks of labels: the kernel is told the whole list, with one thing changed. */
import { COLORS, type LabelEvents } from "./labelpanel";
import type { Command, Entry, Host, LabelTrait } from "./protocol";
import { bottomUp } from "./scene";
import type { Settings } from "./settings";
import type { Truth } from "./truth";

export interface LabellingEvents {
  ask(command: Command): void;
  /** What was asked and not answered yet. */
  waiting(): Command[];
  say(text: string): void;
  settings(): Settings;
  set(change: Partial<Settings>): void;
  /** The person is to name the active label. */
  rename(): void;
}

export interface Labelling extends LabelEvents {
  /** As they will be when all is answered: the next change must not take back the one before. */
  current(): LabelTrait[];
  /** As the kernel tells them, with what it was asked to change already changed: no slider or tick must jump back. */
  entries(): Entry[];
  /** The kernel has other labels than before. */
  arrived(): void;
}

export function makeLabelling(host: Host, truth: Truth, { ask, waiting, say, settings, set, rename }: LabellingEvents): Labelling {
  /** Name of the label that was added and is to become the active one. */
  let awaited: string | null = null;

  const current = (): LabelTrait[] => {
    let { labels } = truth;
    for (const command of waiting()) {
      if (command.type === "labels") labels = command.labels;
      else if (command.type === "unlabel") labels = labels.slice(0, command.label); // the last, if it is there yet
    }
    return labels;
  };

  const tell = (labels: LabelTrait[]): void => {
    // Ranks that are all there and all different, whatever they were.
    const order = bottomUp(labels);
    ask({ type: "labels", labels: labels.map((label, index) => ({ ...label, rank: order.indexOf(index) })) });
  };

  return {
    current,
    entries() {
      const told = current().map((_, label) => ({ ...truth.entry(label) }));
      for (const { type, ...change } of waiting()) {
        if (type === "finish" || type === "lock") Object.assign(told[(change as { label: number }).label] ?? {}, change);
      }
      return told;
    },
    change(change) {
      const labels = current();
      const isTaken = labels.some(({ name }, index) => name === change.name && index !== truth.active);
      if (isTaken) say(`There is a ${change.name} already.`);
      else tell(labels.map((label, index) => (index === truth.active ? { ...label, ...change } : label)));
      return !isTaken;
    },
    raise(up) {
      const before = current();
      const labels = raised(before, truth.active, up);
      if (labels !== before) tell(labels);
      const names = bottomUp(labels).map((index) => labels[index]!.name);
      say(`From the top: ${names.reverse().join(", ")}`);
    },
    hide(hidden) {
      const others = settings().hiddenLabels.filter((index) => index !== truth.active);
      set({ hiddenLabels: hidden ? [...others, truth.active] : others });
    },
    lock: (locked) => ask({ type: "lock", label: truth.active, locked }),
    add() {
      const labels = current();
      const added = newLabel(labels);
      awaited = added.name;
      tell([...labels, added]);
    },
    remove: () => ask({ type: "unlabel", label: truth.active }),
    arrived() {
      const { hiddenLabels } = settings();
      const there = hiddenLabels.filter((index) => index < truth.labels.length);
      if (there.length < hiddenLabels.length) set({ hiddenLabels: there });
      if (awaited === null || !truth.labels.some(({ name }) => name === awaited)) return;
      host.setLabel(awaited);
      awaited = null;
      rename();
    },
  };
}

/** On top of all, in the first colour that nobody has. */
export function newLabel(labels: LabelTrait[]): LabelTrait {
  let number = labels.length + 1;
  while (labels.some(({ name }) => name === `label ${number}`)) number++;
  const color = COLORS.find((one) => !labels.some((label) => label.color === one)) ?? COLORS[0]!;
  return { name: `label ${number}`, color, rank: Infinity };
}

/** The labels with one of them a place higher or lower where they overlap. */
export function raised(labels: LabelTrait[], index: number, up: boolean): LabelTrait[] {
  const order = bottomUp(labels);
  const from = order.indexOf(index);
  const to = from + (up ? 1 : -1);
  if (order[to] === undefined) return labels;
  [order[from], order[to]] = [order[to], index];
  return labels.map((label, i) => ({ ...label, rank: order.indexOf(i) }));
}
