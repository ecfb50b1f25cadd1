/** Which of our messages wait for an answer, and what that says about the kernel. */
import type { Clock } from "./clock";
import { min } from "./math";
import type { Command, DrawnPrompt } from "./protocol";

/** lost: no answer came, for whatever reason; gone: the host says that this kernel will not answer. */
export type KernelState = "ready" | "thinking" | "busy" | "lost" | "gone";

/** Not taken up for this long: the kernel runs something else. */
export const BUSY_AFTER = 800;
/** Not a word for this long: the kernel may be gone. */
export const LOST_AFTER = 10_000;
/** The same once it told that it started: some predictors take their time. */
export const LOST_AFTER_START = 60_000;
/** Answers that come sooner need not be announced. */
export const TELL_AFTER = 150;
/** Who has waited for this long may want to wait no more. */
export const CANCEL_AFTER = 1000;

export interface Request {
  id: string;
  command: Command;
  sentAt: number;
  started: boolean;
  /** When the pointer was lifted, for the latency that a person feels. */
  releasedAt: number | null;
}

/** A request for a drawn prompt: it is shown until it is answered. */
export type PromptRequest = Request & { command: { type: "prompt"; label: number; prompt: DrawnPrompt } };

/** All of a view's requests, and what they say of the kernel. */
export interface Requests {
  readonly prompts: PromptRequest[];
  /** What waits for its answer, in order. */
  readonly commands: Command[];
  readonly ids: string[];
  readonly size: number;
  readonly state: KernelState;
  /** Whether the wait is long enough to be told. */
  readonly slow: boolean;
  /** Whether the kernel works on something and takes its time. */
  readonly isLong: boolean;
  nextId(): string;
  add(command: Command, releasedAt?: number | null): Request;
  start(id: string): void;
  /** The request with this id, if it was open; it is not any more. */
  finish(id: string | null): Request | undefined;
  /** Something came from the kernel: it lives. */
  alive(): void;
  /** The host says that the kernel is gone. */
  lost(): void;
  /** Forget all, as when the image changes; late answers then find nobody. */
  clear(): void;
  free(): void;
}

/** `prefix` tells this view's ids from other views'; `changed` is called whenever `state` may have changed. */
export function makeRequests(clock: Clock, prefix: string, changed: () => void): Requests {
  let open: Request[] = [];
  let count = 0;
  let lifeAt = -Infinity;
  let gone = false;
  /** The kernel is at something of this widget's that is no request of ours: a preview, or another view's. */
  let aside = false;
  let wake = (): void => {};

  const nextId = (): string => `${prefix}-${++count}`;

  /** How long the oldest request has waited; nothing waits: not at all. */
  const waited = (): number => (open[0] ? clock.now() - open[0].sentAt : -Infinity);

  /** How long it has been since anything was heard, for as long as something waits. */
  const quiet = (): number => min(waited(), clock.now() - lifeAt);

  const isStarted = (): boolean => aside || open.some(({ started }) => started);

  function state(): KernelState {
    if (gone) return "gone";
    if (!open.length) return "ready";
    if (quiet() >= (isStarted() ? LOST_AFTER_START : LOST_AFTER)) return "lost";
    return !isStarted() && quiet() >= BUSY_AFTER ? "busy" : "thinking";
  }

  /** Tell now, and again when waiting longer would say something else. */
  function tell(): void {
    wake();
    const moments = [BUSY_AFTER, LOST_AFTER, LOST_AFTER_START].map((moment) => moment - quiet());
    moments.push(TELL_AFTER - waited(), CANCEL_AFTER - waited());
    const next = min(...moments.filter((wait) => wait > 0));
    if (next < Infinity) wake = clock.after(next, tell);
    changed();
  }

  return {
    get prompts() {
      return open.filter(isPrompt);
    },
    get commands() {
      return open.map(({ command }) => command);
    },
    get ids() {
      return open.map(({ id }) => id);
    },
    get size() {
      return open.length;
    },
    get state() {
      return state();
    },
    get slow() {
      return waited() >= TELL_AFTER;
    },
    get isLong() {
      return isStarted() && state() === "thinking" && waited() >= CANCEL_AFTER;
    },
    nextId,
    add(command, releasedAt = null) {
      const request: Request = { id: nextId(), command, sentAt: clock.now(), started: false, releasedAt };
      open.push(request);
      tell();
      return request;
    },
    start(id) {
      const request = open.find((one) => one.id === id);
      if (request) request.started = true;
      else aside = true;
      tell();
    },
    finish(id) {
      const request = open.find((one) => one.id === id);
      open = open.filter((one) => one !== request);
      tell();
      return request;
    },
    alive() {
      lifeAt = clock.now();
      gone = aside = false;
      tell();
    },
    lost() {
      gone = true;
      tell();
    },
    clear() {
      open = [];
      tell();
    },
    free() {
      wake();
      open = [];
    },
  };
}

export function isPrompt(request: Request | undefined): request is PromptRequest {
  return request?.command.type === "prompt";
}
