/**
 * Masks while a stroke goes on: one request in flight, the newest stroke only, and never so often that the kernel has no
 * time left for what counts.
 */
import type { Clock } from "./clock";
import { max } from "./math";

/** A shorter stroke is over before its preview would come. */
export const FIRST_AFTER = 150;
export const APART = 50;
/** Of the last preview's latency: leaves the kernel a third of its time. */
export const BREATH = 1.5;
/** A reply that did not come by then never will. */
export const FORGET_AFTER = 2_000;
/** Previews this slow only delay the answer to the stroke itself ... */
export const TOO_SLOW = 600;
/** ... so they are tried again only after this long, as after an error. */
export const REST = 10_000;

export interface Previews {
  /** Of what the kernel may be at. */
  readonly ids: string[];
  begin(): void;
  /** The stroke has grown. */
  grown(): void;
  /** The stroke is over. */
  end(): void;
  /** Whether the preview with this id should be shown: it is ours, and its stroke goes on. */
  replied(id: string): boolean;
  /** Whether the error with this id was about a preview of ours: nobody needs to hear of it. */
  failed(id: string | null): boolean;
  free(): void;
}

/** `send` asks for a preview of the stroke as it is now; null when there is nothing to ask. */
export function makePreviews(clock: Clock, send: () => string | null): Previews {
  let begunAt: number | null = null;
  let flight: { id: string; sentAt: number } | null = null;
  let lastSentAt = -Infinity;
  let wait = APART;
  let fresh = false;
  let wake = (): void => {};

  /** When the preview was sent, or null when it is none that we wait for. */
  function landed(id: string | null): number | null {
    if (flight?.id !== id) return null;
    const { sentAt } = flight;
    flight = null;
    return sentAt;
  }

  function next(): void {
    wake();
    if (begunAt === null || !fresh) return;
    const now = clock.now();
    const ready = max(begunAt + FIRST_AFTER, lastSentAt + wait, flight ? flight.sentAt + FORGET_AFTER : -Infinity);
    if (ready > now) {
      wake = clock.after(ready - now, next);
      return;
    }
    fresh = false;
    const id = send();
    if (id === null) return;
    flight = { id, sentAt: now };
    lastSentAt = now;
  }

  function end(): void {
    begunAt = null;
    wake();
  }

  return {
    get ids() {
      return flight ? [flight.id] : [];
    },
    begin() {
      begunAt = clock.now();
      fresh = false;
    },
    grown() {
      fresh = true;
      next();
    },
    end,
    replied(id) {
      const sentAt = landed(id);
      if (sentAt === null) return false;
      const latency = clock.now() - sentAt;
      wait = latency > TOO_SLOW ? REST : max(APART, BREATH * latency);
      next();
      return begunAt !== null && sentAt >= begunAt;
    },
    failed(id) {
      if (landed(id) === null) return false;
      wait = REST;
      return true;
    },
    free() {
      end();
      flight = null;
    },
  };
}
