/** What the person asks of labels: the kernel is told the whole list, with one thing changed. */
import { COLORS, type LabelEvents } from "./labelpanel";
import type { Command, Host, LabelTrait } from "./protocol";
import { bottomUp } from "./scene";
import type { Settings } from "./settings";
import type { Truth } from "./truth";

export interface LabellingEvents {
  ask(command: Command): void;
  /** What was asked and not answered yet. */
  waiting(): Command[];
  settings(): Settings;
  set(change: Partial<Settings>): void;
  /** The person is to name the active label. */
  rename(): void;
}

export class Labelling implements LabelEvents {
  /** Name of the label that was added and is to become the active one. */
  private awaited: string | null = null;

  constructor(
    private host: Host,
    private truth: Truth,
    private events: LabellingEvents,
  ) {}

  change(change: Partial<LabelTrait>): void {
    this.tell(this.labels.map((label, index) => (index === this.truth.active ? { ...label, ...change } : label)));
  }

  raise(up: boolean): void {
    this.tell(raised(this.labels, this.truth.active, up));
  }

  hide(hidden: boolean): void {
    const { active } = this.truth;
    const others = this.events.settings().hiddenLabels.filter((index) => index !== active);
    this.events.set({ hiddenLabels: hidden ? [...others, active] : others });
  }

  lock(locked: boolean): void {
    this.events.ask({ type: "lock", label: this.truth.active, locked });
  }

  add(): void {
    const { labels } = this;
    const added = newLabel(labels);
    this.awaited = added.name;
    this.tell([...labels, added]);
  }

  /** The kernel has other labels than before. */
  arrived(): void {
    const { awaited } = this;
    if (awaited === null || !this.truth.labels.some(({ name }) => name === awaited)) return;
    this.awaited = null;
    this.host.setLabel(awaited);
    this.events.rename();
  }

  /** As they will be when all is answered: the next change must not take back the one before. */
  private get labels(): LabelTrait[] {
    const asked = this.events.waiting().flatMap((command) => (command.type === "labels" ? [command.labels] : []));
    return asked.pop() ?? this.truth.labels;
  }

  private tell(labels: LabelTrait[]): void {
    // Ranks that are all there and all different, whatever they were.
    const order = bottomUp(labels);
    this.events.ask({ type: "labels", labels: labels.map((label, index) => ({ ...label, rank: order.indexOf(index) })) });
  }
}

/** On top of all, in the first colour that nobody has. */
export function newLabel(labels: LabelTrait[]): LabelTrait {
  let number = labels.length + 1;
  while (labels.some(({ name }) => name === `label ${number}`)) number++;
  const color = COLORS.find((one) => !labels.some((label) => label.color === one)) ?? COLORS[labels.length % COLORS.length]!;
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
