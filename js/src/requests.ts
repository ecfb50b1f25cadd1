/** Which of our messages wait for an answer, and what that says about the kernel. */
import type { Clock } from "./clock";
import { max, min } from "./math";
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

export class Requests {
  private open = new Map<string, Request>();
  private count = 0;
  private lifeAt = -Infinity;
  private gone = false;
  /** The kernel is at something of this widget's that is no request of ours: a preview, or another view's. */
  private aside = false;
  private wake: () => void = () => {};

  /** `prefix` tells this view's ids from other views'; `changed` is called whenever `state` may have changed. */
  constructor(
    private clock: Clock,
    private prefix: string,
    private changed: () => void,
  ) {}

  nextId(): string {
    return `${this.prefix}-${++this.count}`;
  }

  add(command: Command, releasedAt: number | null = null): Request {
    const request: Request = { id: this.nextId(), command, sentAt: this.clock.now(), started: false, releasedAt };
    this.open.set(request.id, request);
    this.tell();
    return request;
  }

  start(id: string): void {
    const request = this.open.get(id);
    if (request) request.started = true;
    else this.aside = true;
    this.tell();
  }

  /** The request with this id, if it was open; it is not any more. */
  finish(id: string | null): Request | undefined {
    const request = id === null ? undefined : this.open.get(id);
    if (request) this.open.delete(request.id);
    this.tell();
    return request;
  }

  /** Something came from the kernel: it lives. */
  alive(): void {
    this.lifeAt = this.clock.now();
    this.gone = this.aside = false;
    this.tell();
  }

  /** The host says that the kernel is gone. */
  lost(): void {
    this.gone = true;
    this.tell();
  }

  /** Forget all, as when the image changes; late answers then find nobody. */
  clear(): void {
    this.open.clear();
    this.tell();
  }

  free(): void {
    this.wake();
    this.open.clear();
  }

  get prompts(): PromptRequest[] {
    return [...this.open.values()].filter(isPrompt);
  }

  /** What waits for its answer, in order. */
  get commands(): Command[] {
    return [...this.open.values()].map(({ command }) => command);
  }

  get size(): number {
    return this.open.size;
  }

  get state(): KernelState {
    if (this.gone) return "gone";
    const waiting = this.waiting();
    if (!waiting) return "ready";
    const quiet = this.clock.now() - max(waiting.oldest.sentAt, this.lifeAt);
    if (quiet >= (waiting.started ? LOST_AFTER_START : LOST_AFTER)) return "lost";
    return !waiting.started && quiet >= BUSY_AFTER ? "busy" : "thinking";
  }

  /** Whether the wait is long enough to be told. */
  get slow(): boolean {
    const waiting = this.waiting();
    return waiting !== null && this.clock.now() - waiting.oldest.sentAt >= TELL_AFTER;
  }

  /** Whether the kernel works on something and takes its time. */
  get isLong(): boolean {
    const waiting = this.waiting();
    return !!waiting?.started && this.state === "thinking" && this.clock.now() - waiting.oldest.sentAt >= CANCEL_AFTER;
  }

  get ids(): string[] {
    return [...this.open.keys()];
  }

  private waiting(): { oldest: Request; started: boolean } | null {
    const open = [...this.open.values()];
    const oldest = open[0];
    return oldest ? { oldest, started: this.aside || open.some((request) => request.started) } : null;
  }

  /** Tell now, and again when waiting longer would say something else. */
  private tell(): void {
    this.wake();
    this.wake = () => {};
    const waiting = this.waiting();
    if (waiting) {
      const now = this.clock.now();
      const since = now - max(waiting.oldest.sentAt, this.lifeAt);
      const moments = [BUSY_AFTER - since, LOST_AFTER - since, LOST_AFTER_START - since];
      for (const moment of [TELL_AFTER, CANCEL_AFTER]) moments.push(moment - (now - waiting.oldest.sentAt));
      const next = min(...moments.filter((wait) => wait > 0));
      if (Number.isFinite(next)) this.wake = this.clock.after(next, () => this.tell());
    }
    this.changed();
  }
}

export function isPrompt(request: Request | undefined): request is PromptRequest {
  return request?.command.type === "prompt";
}
