/** What is used of `Math`, as names of our own: a bundle has those short. */
export const { ceil, floor, hypot, max, min, round } = Math;

export function within(value: number, low: number, high: number): number {
  return min(max(value, low), high);
}
