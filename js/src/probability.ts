/** Asking the kernel how sure it is: one question at a time, about the newest mask only, and never before a stroke. */
import type { Clock } from "./clock";
import { bytesOf } from "./codec";
import type { Bytes, ProbabilityReply } from "./protocol";

/** An answer that did not come by then never will. */
export const FORGET_AFTER = 5_000;

export interface Probabilities extends Omit<ProbabilityReply, "type" | "id"> {
  /** `shape` of them, 0 to 255. */
  values: Uint8Array;
}

export class ProbabilityQuestions {
  /** The last answer for the label that is wanted; it may be older than the mask. */
  map: Probabilities | null = null;
  private flight: { id: string; sentAt: number } | null = null;
  /** What an error was the answer to: it is not asked again. */
  private refused = "";
  private asked = "";

  constructor(
    private clock: Clock,
    private send: (label: number) => string | null,
  ) {}

  /** Ask, if there is anything to ask: `label` null wants nothing; `free`: nothing else waits for the kernel. */
  want(label: number | null, version: number | null, free: boolean): void {
    if (label === null || this.map?.label !== label) this.map = null;
    if (label === null || version === null || !free || this.map?.version === version) return;
    const question = `${label}/${version}`;
    const now = this.clock.now();
    if (question === this.refused || (this.flight && now - this.flight.sentAt < FORGET_AFTER)) return;
    const id = this.send(label);
    this.flight = id === null ? null : { id, sentAt: now };
    this.asked = question;
  }

  replied({ type, id, ...reply }: ProbabilityReply, buffer: Bytes): void {
    if (id !== this.flight?.id) return;
    this.flight = null;
    this.map = { ...reply, values: bytesOf(buffer) };
  }

  /** Whether the error with this id was the answer to our question. */
  failed(id: string | null): boolean {
    if (id === null || id !== this.flight?.id) return false;
    this.flight = null;
    this.refused = this.asked;
    return true;
  }

  /** The image is another. */
  clear(): void {
    this.map = this.flight = null;
    this.refused = "";
  }
}
