/** Time, handed in so that tests can run it by hand. */
export interface Clock {
  /** Milliseconds from some fixed moment. */
  now(): number;
  /** Call `act` after `ms`; the function that comes back calls it off. */
  after(ms: number, act: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};
