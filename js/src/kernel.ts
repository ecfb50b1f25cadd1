/** The conversation with the kernel: what was asked and answered, and the masks that came of it. No screen. */
import type { Clock } from "./clock";
import { bytesOf, inflate } from "./codec";
import { makeMasks, type Masks, type Patch, type Rect } from "./planes";
import { makePreviews, type Previews } from "./previews";
import { makeProbabilityQuestions, type ProbabilityQuestions } from "./probability";
import { makePromptLists, type PromptLists } from "./promptlists";
import type { Bytes, Command, DrawnPrompt, Host, Incoming, MaskTrait, PlaneHeader, Reprompt, Steps, Update } from "./protocol";
import { makeRequests, type KernelState, type Request, type Requests } from "./requests";
import type { Size } from "./view";

/** `mask_version` says that there is a newer mask; its update should have come by then. */
export const UPDATE_GRACE = 500;
/** A person who does nothing for this long pauses. */
export const SETTLE_AFTER = 600;
/** The whole mask may be asked for again when no answer came by then. */
const WHOLE_PATIENCE = 10_000;
/** What was refused and is asked by one key, or would be refused again, need not be kept for a retry. */
const NOT_RETRIED: readonly string[] = ["undo", "redo", "clear", "go", "resume", "labels", "unlabel"];

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

/** The kernel as one view knows it. */
export interface Kernel {
  readonly masks: Masks;
  /** What the kernel refused and can be tried again. */
  readonly failed: Request[];
  /** What the last committed mask took the kernel to predict; null before the first. */
  readonly seconds: number | null;
  readonly error: string | null;
  readonly state: KernelState | "error";
  readonly requests: Requests;
  readonly previews: Previews;
  readonly probability: ProbabilityQuestions;
  /** What was drawn, as the kernel knows it. */
  readonly prompts: PromptLists;
  /** Whether all was answered: prompts and steps are then where they are shown, and can be spoken of by their index. */
  readonly isSettled: boolean;
  /** Whether the person may be tired of waiting, and the host can do something about it. */
  readonly isCancellable: boolean;
  /** Begin anew with an image: all that belonged to another is forgotten. `first`: the view has just opened. */
  open(image: Size, first: boolean): void;
  ask(command: Command, askedAt: number | null): void;
  /** Ask for the history. It is no work of the person's: nobody waits for it. */
  askSteps(): void;
  /** Ask for the probabilities of a label's newest mask, once nothing else waits; null: they are not wanted. */
  askProbability(label: number | null): void;
  /** Stop what the kernel works on, and all that waits. False when there is nothing to stop. */
  cancel(): boolean;
  /** Send again, in order, what the kernel refused. */
  retry(): void;
  dismiss(): void;
  /** The person did something: the pause, if it was one, is over. */
  active(): void;
  free(): void;
}

/** `stroke` gives the stroke in progress, for previews. */
export function makeKernel(
  host: Host,
  clock: Clock,
  events: KernelEvents,
  stroke: () => { label: number; prompt: DrawnPrompt } | null,
): Kernel {
  let masks = makeMasks(0, 0);
  let failed: Request[] = [];
  let seconds: number | null = null;
  let error: string | null = null;
  let errorAt = 0;
  let loading = false;
  /** Version of the image that is on the canvas. */
  let imageVersion = 0;
  let held: { message: Update; buffers: Bytes[]; cameAt: number }[] = [];
  let wholeAt = -Infinity;
  let stepsId: string | null = null;
  const cancelling = new Set<string>();
  let unsettled = false;
  let seen: KernelState = "ready";
  let ended = false;
  let settleTimer = (): void => {};
  let versionTimer = (): void => {};

  // Two views of one widget, or a reloaded page, must not share ids.
  const requests = makeRequests(clock, Math.random().toString(36).slice(2, 10), changed);
  const previews = makePreviews(clock, sendPreview);
  const probability = makeProbabilityQuestions(clock, (label) => tell({ type: "probability", label }));
  const prompts = makePromptLists();
  const calls = [
    host.onMessage(receive),
    host.onChange("mask_version", expectVersion),
    host.onLost?.(() => requests.lost()),
  ];

  function ask(command: Command, askedAt: number | null): void {
    const { id } = requests.add(command, askedAt);
    unsettled = true;
    // What means a place in a list says which list.
    const { version } = masks;
    post(command.type === "reprompt" || command.type === "go" ? { ...command, id, version } : { ...command, id });
    active();
  }

  function isCancellable(): boolean {
    return requests.isLong && !!host.cancel;
  }

  function dismiss(): void {
    error = null;
    failed = [];
    events.changed();
  }

  function active(): void {
    settleTimer();
    if (!unsettled) return;
    settleTimer = clock.after(SETTLE_AFTER, () => {
      // An answer or the stroke's end comes back here.
      if (requests.size || stroke()) return;
      unsettled = false;
      tell({ type: "settle" });
    });
  }

  // --- from the kernel -------------------------------------------------------------------------------------------

  function receive(message: Incoming, buffers: Bytes[]): void {
    requests.alive();
    if (message.type === "started") {
      requests.start(message.id);
      // An interrupt ends one, and not what waited behind it.
      if (cancelling.has(message.id)) host.cancel!([message.id]);
    } else if (message.type === "update") update(message, buffers);
    else if (message.type === "cancelled") dropped(message.id);
    else if (message.type === "preview") {
      if (previews.replied(message.id)) masks.showPreview(message.base, patchesOf(message.planes, buffers));
      events.changed();
    } else if (message.type === "steps") {
      if (message.id === stepsId) events.steps?.(message);
    } else if (message.type === "probability") {
      probability.replied(message, buffers[0]!);
      events.heated();
    } else if (message.type === "error") refused(message.id, message.text);
  }

  function update(message: Update, buffers: Bytes[], cameAt = clock.now()): void {
    if (loading) {
      held.push({ message, buffers, cameAt });
      return;
    }
    const known = masks.version;
    if (message.base === null) wholeAt = -Infinity;
    // Another view's `whole`, or a message that crossed with one, tells nothing new.
    const isNews = known === null || message.version > known;
    const isWhole = !isNews || masks.apply(message.base, message.version, patchesOf(message.planes, buffers));
    if (!prompts.apply(message) || !isWhole) askWhole();
    const canRetry = failed.length > 0;
    failed = failed.filter(({ command }) => command.type !== "reprompt" || isInPlace(command, message));
    seconds = message.seconds;
    const request = requests.finish(message.id);
    if (message.id !== null) cancelling.delete(message.id); // it came too late
    // An error that the person, here or in Python, has worked on past is history; what can be tried again waits for it.
    const isPast = request ? request.sentAt > errorAt : message.id === null && !canRetry && cameAt >= errorAt;
    if (error !== null && isPast) dismiss();
    if (request || message.id === null) unsettled = true;
    active();
    events.updated(request);
  }

  function dropped(id: string): void {
    cancelling.delete(id);
    if (previews.failed(id) || !requests.finish(id)) return;
    masks.hidePreview();
    events.cancelled?.();
    events.changed();
  }

  function refused(id: string | null, text: string): void {
    if (previews.failed(id)) return;
    // A kernel that can only be interrupted calls it an error.
    if (id !== null && cancelling.has(id)) return dropped(id);
    const request = requests.finish(id);
    if (!request && id !== null && !probability.failed(id)) return;
    if (request && !NOT_RETRIED.includes(request.command.type)) {
      // Two changes of one list cannot both be tried again: after the one, the other's indices mean others.
      if (request.command.type === "reprompt") failed = failed.filter(({ command }) => command.type !== "reprompt");
      failed.push(request);
    }
    masks.hidePreview();
    error = text;
    errorAt = clock.now();
    events.changed();
  }

  /** The mask as the trait keeps it. Updates that come meanwhile wait. */
  async function load(kept: MaskTrait): Promise<void> {
    const loaded = masks;
    loading = true;
    let patches: Patch[] | null = null;
    try {
      patches = await Promise.all(kept.planes.map(async (plane) => patchOf(plane, await inflate(plane.data))));
    } catch {
      // Lab leaves binary data out of saved widget state: ask.
    }
    if (ended || loaded !== masks) return;
    loading = false;
    if (patches) masks.apply(null, kept.version, patches);
    else askWhole();
    events.updated(undefined);
    for (const { message, buffers, cameAt } of held.splice(0)) update(message, buffers, cameAt);
  }

  function expectVersion(): void {
    requests.alive();
    versionTimer();
    versionTimer = clock.after(UPDATE_GRACE, () => {
      const version = host.get("mask_version") ?? 0;
      const isBehind = [masks.version, prompts.version].some((known) => known === null || known < version);
      if (!loading && isBehind) askWhole();
    });
  }

  // --- to the kernel ---------------------------------------------------------------------------------------------

  function askWhole(): void {
    const now = clock.now();
    if (now - wholeAt < WHOLE_PATIENCE) return;
    wholeAt = now;
    tell({ type: "whole" });
  }

  /** A kernel that was restarted out of sight has nobody who could answer, and is silent until it is spoken to. */
  function changed(): void {
    const { state } = requests;
    if (state !== seen && (state === "busy" || state === "lost")) host.rouse?.();
    seen = state;
    events.changed();
  }

  function sendPreview(): string | null {
    // Behind a running cell previews would only pile up.
    if (["busy", "lost", "gone"].includes(requests.state)) return null;
    const drawn = stroke();
    return drawn && tell({ type: "preview", ...drawn });
  }

  /** Send what nobody waits for; its id, or null where there is no way to the kernel. */
  function tell(command: Command): string | null {
    const id = requests.nextId();
    return post({ ...command, id }) ? id : null;
  }

  function post(message: Command & { id: string; version?: number | null }): boolean {
    try {
      host.send({ ...message, image: imageVersion });
      return true;
    } catch {
      requests.lost();
      return false;
    }
  }

  return {
    requests,
    previews,
    probability,
    prompts,
    get masks() {
      return masks;
    },
    get failed() {
      return failed;
    },
    get seconds() {
      return seconds;
    },
    get error() {
      return error;
    },
    get state() {
      const { state } = requests;
      return state === "ready" && error !== null ? "error" : state;
    },
    get isSettled() {
      return !requests.size;
    },
    get isCancellable() {
      return isCancellable();
    },
    open(image, first) {
      requests.clear();
      dismiss();
      probability.clear();
      cancelling.clear();
      held = [];
      loading = false;
      wholeAt = -Infinity;
      masks = makeMasks(image.width, image.height, events.touched);
      imageVersion = host.get("_image")?.version ?? 0;
      const version = host.get("mask_version") ?? 0;
      // The traits may be older, and may still be the image's before.
      const isCurrent = <T extends { version: number }>(trait: T | null | undefined): trait is T =>
        trait?.version === version && version >= imageVersion;
      const [mask, known] = [host.get("_mask"), host.get("_prompts")];
      prompts.replace(isCurrent(known) ? known : { version: null, lists: [] });
      if (isCurrent(mask)) void load(mask);
      if (isCurrent(mask) && isCurrent(known)) return;
      if (first) askWhole();
      else expectVersion();
    },
    ask,
    askSteps() {
      stepsId = tell({ type: "steps" });
    },
    askProbability(label) {
      probability.want(label, masks.version, requests.state === "ready");
    },
    cancel() {
      if (!isCancellable()) return false;
      const ids = [...requests.ids, ...previews.ids];
      for (const id of ids) cancelling.add(id);
      return host.cancel!(ids);
    },
    retry() {
      const again = failed;
      dismiss();
      for (const { command } of again) ask(command, null);
    },
    dismiss,
    active,
    free() {
      ended = true;
      for (const end of calls) end?.();
      settleTimer();
      versionTimer();
      requests.free();
      previews.free();
      masks = makeMasks(0, 0);
    },
  };
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
