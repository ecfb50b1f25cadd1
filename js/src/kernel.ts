/** The conversation with the kernel: what was asked and answered, and the masks that came of it. No screen. */
import type { Clock } from "./clock";
import { bytesOf, inflate } from "./codec";
import { Masks, type Patch, type Rect } from "./planes";
import { Previews } from "./previews";
import { ProbabilityQuestions } from "./probability";
import { PromptLists } from "./promptlists";
import type { Bytes, Command, DrawnPrompt, Host, Incoming, PlaneHeader, Reprompt, Steps, Update } from "./protocol";
import { Requests, type KernelState, type Request } from "./requests";
import type { Size } from "./view";

/** `mask_version` says that there is a newer mask; its update should have come by then. */
export const UPDATE_GRACE = 500;
/** A person who does nothing for this long pauses. */
export const SETTLE_AFTER = 600;
/** The whole mask may be asked for again when no answer came by then. */
const WHOLE_PATIENCE = 10_000;
/** What was refused and is asked by one key, or would be refused again, need not be kept for a retry. */
const NOT_RETRIED: readonly string[] = ["undo", "redo", "clear", "go", "labels"];
/** While these wait, nobody knows which prompt will be the first, the second, ... */
const REORDERING: readonly string[] = ["undo", "redo", "clear", "go", "reprompt"];

export interface KernelEvents {
  /** Pixels of a mask changed, previews included. */
  touched(slot: number, rect: Rect): void;
  /** A new committed mask; `request` is what it answers, if it was ours. */
  updated(request: Request | undefined): void;
  /** The state, or what is pending or failed, changed. */
  changed(): void;
  /** The history, as it was asked for. */
  steps?(steps: Steps): void;
  /** What was cancelled is not going to happen. */
  cancelled?(): void;
  /** The answer to a question for probabilities came. */
  heated(): void;
}

export class Kernel {
  masks: Masks;
  /** What the kernel refused and can be tried again. */
  failed: Request[] = [];
  /** What the last committed mask took the kernel; null when nothing was predicted. */
  seconds: number | null = null;
  error: string | null = null;
  readonly requests: Requests;
  readonly previews: Previews;
  readonly probability: ProbabilityQuestions;
  /** What was drawn, as the kernel knows it. */
  readonly prompts = new PromptLists();
  private errorAt = 0;
  private loading = false;
  /** Version of the image that is on the canvas. */
  private image = 0;
  private held: { message: Update; buffers: Bytes[] }[] = [];
  private wholeAt = -Infinity;
  private stepsId = "";
  private cancelling = new Set<string>();
  private unsettled = false;
  private seen: KernelState = "ready";
  private ended = false;
  private calls: (() => void)[];
  private settleTimer: () => void = () => {};
  private versionTimer: () => void = () => {};

  /** `stroke` gives the stroke in progress, for previews. */
  constructor(
    private host: Host,
    private clock: Clock,
    private events: KernelEvents,
    private stroke: () => { label: number; prompt: DrawnPrompt } | null,
  ) {
    this.masks = new Masks(0, 0);
    // Two views of one widget, or a reloaded page, must not share ids.
    this.requests = new Requests(clock, Math.random().toString(36).slice(2, 10), () => this.changed());
    this.previews = new Previews(clock, () => this.sendPreview());
    this.probability = new ProbabilityQuestions(clock, (label) => {
      const id = this.requests.nextId();
      return this.post({ type: "probability", label, id }) ? id : null;
    });
    this.calls = [
      host.onMessage((message, buffers) => this.receive(message, buffers)),
      host.onChange("mask_version", () => this.expectVersion()),
      host.onLost?.(() => this.requests.lost()) ?? (() => {}),
    ];
  }

  get state(): KernelState | "error" {
    const state = this.requests.state;
    return state === "ready" && this.error !== null ? "error" : state;
  }

  /** Begin anew with an image: all that belonged to another is forgotten. `first`: the view has just opened. */
  open(image: Size, first: boolean): void {
    this.requests.clear();
    this.dismiss();
    this.probability.clear();
    this.held = [];
    this.loading = false;
    this.wholeAt = -Infinity;
    this.masks = new Masks(image.width, image.height, (slot, rect) => this.events.touched(slot, rect));
    this.image = this.host.get("_image")?.version ?? 0;
    const version = this.host.get("mask_version") ?? 0;
    // The traits may be older, and may still be the image's before.
    const isCurrent = (trait: { version: number } | null | undefined): boolean =>
      trait?.version === version && version >= this.image;
    const [mask, prompts] = [this.host.get("_mask"), this.host.get("_prompts")];
    this.prompts.replace(isCurrent(prompts) ? prompts! : { version: null, lists: [] });
    if (isCurrent(mask)) void this.load(this.masks);
    if (isCurrent(mask) && isCurrent(prompts)) return;
    if (first) this.askWhole();
    else this.expectVersion();
  }

  prompt(label: number, prompt: DrawnPrompt, releasedAt: number | null): void {
    this.send(this.requests.add({ type: "prompt", label, prompt }, releasedAt));
  }

  ask(command: Command, askedAt: number | null): void {
    this.send(this.requests.add(command, askedAt));
  }

  /** Whether a label's prompts are where they are shown, so that they can be changed by their index. */
  get isOrdered(): boolean {
    return !this.requests.commands.some(({ type }) => REORDERING.includes(type));
  }

  /** Ask for the history. It is no work of the person's: nobody waits for it. */
  askSteps(): void {
    this.stepsId = this.requests.nextId();
    this.post({ type: "steps", id: this.stepsId });
  }

  /** Ask for the probabilities of a label's newest mask, once nothing else waits; null: they are not wanted. */
  askProbability(label: number | null): void {
    this.probability.want(label, this.masks.version, this.requests.state === "ready");
  }

  /** Whether the person may be tired of waiting, and the host can do something about it. */
  get isCancellable(): boolean {
    return this.requests.isLong && !!this.host.cancel;
  }

  /** Stop what the kernel works on, and all that waits. False when there is nothing to stop. */
  cancel(): boolean {
    if (!this.isCancellable) return false;
    const ids = [...this.requests.ids, ...this.previews.ids];
    for (const id of ids) this.cancelling.add(id);
    return this.host.cancel!(ids);
  }

  /** Send again, in order, what the kernel refused. */
  retry(): void {
    const again = this.failed;
    this.dismiss();
    for (const { command } of again) this.ask(command, null);
  }

  dismiss(): void {
    this.error = null;
    this.failed = [];
    this.events.changed();
  }

  /** The person did something: the pause, if it was one, is over. */
  active(): void {
    this.settleTimer();
    if (!this.unsettled) return;
    this.settleTimer = this.clock.after(SETTLE_AFTER, () => {
      // An answer or the stroke's end comes back here.
      if (this.requests.size || this.stroke()) return;
      this.unsettled = false;
      this.post({ type: "settle", id: this.requests.nextId() });
    });
  }

  free(): void {
    this.ended = true;
    for (const end of this.calls) end();
    this.settleTimer();
    this.versionTimer();
    this.requests.free();
    this.previews.free();
    this.masks = new Masks(0, 0);
  }

  // --- from the kernel -------------------------------------------------------------------------------------------

  private receive(message: Incoming, buffers: Bytes[]): void {
    this.requests.alive();
    if (message.type === "started") {
      this.requests.start(message.id);
      // An interrupt ends one, and not what waited behind it.
      if (this.cancelling.has(message.id)) this.host.cancel!([message.id]);
    } else if (message.type === "update") this.update(message, buffers);
    else if (message.type === "cancelled") this.dropped(message.id);
    else if (message.type === "preview") {
      if (this.previews.replied(message.id)) this.masks.showPreview(message.base, patchesOf(message.planes, buffers));
      this.events.changed();
    } else if (message.type === "steps") {
      if (message.id === this.stepsId) this.events.steps?.(message);
    } else if (message.type === "probability") {
      this.probability.replied(message, buffers[0]!);
      this.events.heated();
    } else if (message.type === "error") this.refused(message.id, message.text);
  }

  private update(message: Update, buffers: Bytes[]): void {
    if (this.loading) {
      this.held.push({ message, buffers });
      return;
    }
    const known = this.masks.version;
    if (message.base === null) this.wholeAt = -Infinity;
    // Another view's `whole`, or a message that crossed with one, tells nothing new.
    const isNews = known === null || message.version > known;
    const isWhole = !isNews || this.masks.apply(message.base, message.version, patchesOf(message.planes, buffers));
    if (!this.prompts.apply(message) || !isWhole) this.askWhole();
    this.failed = this.failed.filter(({ command }) => command.type !== "reprompt" || isInPlace(command, message));
    this.seconds = message.seconds;
    const request = this.requests.finish(message.id);
    // An error that the person has worked on past is history.
    if (request && this.error !== null && request.sentAt > this.errorAt) this.dismiss();
    if (request || message.id === null) this.unsettled = true;
    this.active();
    this.events.updated(request);
  }

  private dropped(id: string): void {
    this.cancelling.delete(id);
    if (this.previews.failed(id)) return;
    if (!this.requests.finish(id)) return;
    this.masks.hidePreview();
    this.events.cancelled?.();
    this.events.changed();
  }

  private refused(id: string | null, text: string): void {
    if (this.previews.failed(id)) return;
    // A kernel that can only be interrupted calls it an error.
    if (id !== null && this.cancelling.has(id)) return this.dropped(id);
    const request = this.requests.finish(id);
    if (!request && id !== null && !this.probability.failed(id)) return;
    if (request && !NOT_RETRIED.includes(request.command.type)) {
      // Two changes of one list cannot both be tried again: after the one, the other's indices mean others.
      if (request.command.type === "reprompt") this.failed = this.failed.filter(({ command }) => command.type !== "reprompt");
      this.failed.push(request);
    }
    this.masks.hidePreview();
    this.error = text;
    this.errorAt = this.clock.now();
    this.events.changed();
  }

  /** The mask as the trait keeps it. Updates that come meanwhile wait. */
  private async load(masks: Masks): Promise<void> {
    const kept = this.host.get("_mask")!;
    this.loading = true;
    let patches: Patch[] | null = null;
    try {
      patches = await Promise.all(kept.planes.map(async (plane) => patchOf(plane, await inflate(plane.data))));
    } catch {
      // Lab leaves binary data out of saved widget state: ask.
    }
    if (this.ended || masks !== this.masks) return;
    this.loading = false;
    if (patches) masks.apply(null, kept.version, patches);
    else this.askWhole();
    this.events.updated(undefined);
    for (const { message, buffers } of this.held.splice(0)) this.update(message, buffers);
  }

  private expectVersion(): void {
    this.requests.alive();
    this.versionTimer();
    this.versionTimer = this.clock.after(UPDATE_GRACE, () => {
      const version = this.host.get("mask_version") ?? 0;
      const isBehind = [this.masks.version, this.prompts.version].some((known) => known === null || known < version);
      if (!this.loading && isBehind) this.askWhole();
    });
  }

  // --- to the kernel ---------------------------------------------------------------------------------------------

  private askWhole(): void {
    const now = this.clock.now();
    if (now - this.wholeAt < WHOLE_PATIENCE) return;
    this.wholeAt = now;
    this.post({ type: "whole", id: this.requests.nextId() });
  }

  /** A kernel that was restarted out of sight has nobody who could answer, and is silent until it is spoken to. */
  private changed(): void {
    const { state } = this.requests;
    if (state !== this.seen && (state === "busy" || state === "lost")) this.host.rouse?.();
    this.seen = state;
    this.events.changed();
  }

  private sendPreview(): string | null {
    // Behind a running cell previews would only pile up.
    if (["busy", "lost", "gone"].includes(this.state)) return null;
    const stroke = this.stroke();
    if (!stroke) return null;
    const id = this.requests.nextId();
    return this.post({ type: "preview", id, ...stroke }) ? id : null;
  }

  private send(request: Request): void {
    this.unsettled = true;
    const { command, id } = request;
    // What means a place in a list says which list.
    const { version } = this.masks;
    this.post(command.type === "reprompt" || command.type === "go" ? { ...command, id, version } : { ...command, id });
    this.active();
  }

  private post(message: Command & { id: string; version?: number | null }): boolean {
    try {
      this.host.send({ ...message, image: this.image });
      return true;
    } catch {
      this.requests.lost();
      return false;
    }
  }
}

/** Whether the prompts that a change speaks of are still where they were, after an update. */
function isInPlace({ label, changes }: { label: number; changes: Reprompt[] }, { prompts }: Update): boolean {
  return !prompts.some((list) => list.label === label && changes.some(({ index }) => index >= list.kept));
}

function patchesOf(planes: PlaneHeader[], buffers: Bytes[]): Patch[] {
  return planes.map((plane, index) => patchOf(plane, bytesOf(buffers[index]!)));
}

function patchOf(plane: PlaneHeader, bits: Uint8Array): Patch {
  return { ...plane, bits };
}
