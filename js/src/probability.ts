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

export interface ProbabilityQuestions {
  /** The last answer for the label that is wanted; it may be older than the mask. */
  readonly map: Probabilities | null;
  /** Ask, if there is anything to ask: `label` null wants nothing; `free`: nothing else waits for the kernel. */
  want(label: number | null, version: number | null, free: boolean): void;
  replied(reply: ProbabilityReply, buffer: Bytes): void;
  /** Whether the error with this id was the answer to our question. */
  failed(id: string | null): boolean;
  /** The image is another. */
  clear(): void;
}

export function makeProbabilityQuestions(clock: Clock, send: (label: number) => string | null): ProbabilityQuestions {
  let map: Probabilities | null = null;
  let flight: { id: string; sentAt: number } | null = null;
  /** What an error was the answer to: it is not asked again. */
  let refused = "";
  let asked = "";
  return {
    get map() {
      return map;
    },
    want(label, version, free) {
      if (label === null || map?.label !== label) map = null;
      if (label === null || version === null || !free || map?.version === version) return;
      const question = `${label}/${version}`;
      const now = clock.now();
      if (question === refused || (flight && now - flight.sentAt < FORGET_AFTER)) return;
      const id = send(label);
      flight = id === null ? null : { id, sentAt: now };
      asked = question;
    },
    replied({ type, id, ...reply }, buffer) {
      if (id !== flight?.id) return;
      flight = null;
      map = { ...reply, values: bytesOf(buffer) };
    },
    failed(id) {
      if (id !== flight?.id) return false;
      flight = null;
      refused = asked;
      return true;
    },
    clear() {
      map = flight = null;
      refused = "";
    },
  };
}
