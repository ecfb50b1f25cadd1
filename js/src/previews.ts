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

export class Previews {
  private begunAt: number | null = null;
  private flight: { id: string; sentAt: number } | null = null;
  private lastSentAt = -Infinity;
  private wait = APART;
  private fresh = false;
  private wake: () => void = () => {};

  /** `send` asks for a preview of the stroke as it is now; null when there is nothing to ask. */
  constructor(
    private clock: Clock,
    private send: () => string | null,
  ) {}

  begin(): void {
    this.begunAt = this.clock.now();
    this.fresh = false;
  }

  /** The stroke has grown. */
  grown(): void {
    this.fresh = true;
    this.next();
  }

  /** The stroke is over. */
  end(): void {
    this.begunAt = null;
    this.wake();
  }

  /** Whether the preview with this id should be shown: it is ours, and its stroke goes on. */
  replied(id: string): boolean {
    const sentAt = this.landed(id);
    if (sentAt === null) return false;
    const latency = this.clock.now() - sentAt;
    this.wait = latency > TOO_SLOW ? REST : max(APART, BREATH * latency);
    this.next();
    return this.begunAt !== null && sentAt >= this.begunAt;
  }

  /** Whether the error with this id was about a preview of ours: nobody needs to hear of it. */
  failed(id: string | null): boolean {
    if (id === null || this.landed(id) === null) return false;
    this.wait = REST;
    return true;
  }

  /** Of what the kernel may be at. */
  get ids(): string[] {
    return this.flight ? [this.flight.id] : [];
  }

  free(): void {
    this.end();
    this.flight = null;
  }

  /** When the preview was sent, or null when it is none that we wait for. */
  private landed(id: string): number | null {
    if (this.flight?.id !== id) return null;
    const { sentAt } = this.flight;
    this.flight = null;
    return sentAt;
  }

  private next(): void {
    this.wake();
    if (this.begunAt === null || !this.fresh) return;
    const now = this.clock.now();
    const ready = max(
      this.begunAt + FIRST_AFTER,
      this.lastSentAt + this.wait,
      this.flight ? this.flight.sentAt + FORGET_AFTER : -Infinity,
    );
    if (ready > now) {
      this.wake = this.clock.after(ready - now, () => this.next());
      return;
    }
    this.fresh = false;
    const id = this.send();
    if (id === null) return;
    this.flight = { id, sentAt: now };
    this.lastSentAt = now;
  }
}
