import { beforeEach, describe, expect, it } from "vitest";
import { makePreviews, type Previews } from "../src/previews";
import { FakeClock } from "./fakeclock";

describe("previews", () => {
  let clock: FakeClock;
  let sent: { id: string; at: number }[];
  let previews: Previews;

  /** The pointer moves every 10 ms. */
  function draw(ms: number): void {
    for (let i = 0; i < ms; i += 10) {
      previews.grown();
      clock.go(10);
    }
  }

  beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    previews = makePreviews(clock, () => {
      const id = `p${sent.length}`;
      sent.push({ id, at: clock.now() });
      return id;
    });
    previews.begin();
  });

  it("are not asked for by a short stroke", () => {
    draw(140);
    previews.end();
    clock.go(5000);
    expect(sent).toHaveLength(0);
  });

  it("are one at a time", () => {
    draw(1000);
    expect(sent).toHaveLength(1);
  });

  it("keep their distance: 50 ms, and half as long again as the last one took", () => {
    draw(200);
    expect(previews.replied("p0")).toBe(true); // after 50 ms
    draw(200);
    expect(sent[1]!.at - sent[0]!.at).toBeGreaterThanOrEqual(75);
    clock.go(100);
    const took = clock.now() - sent[1]!.at;
    previews.replied("p1");
    draw(2000);
    expect(sent[2]!.at - sent[1]!.at).toBeGreaterThanOrEqual(1.5 * took);
  });

  it("follow a pointer that stopped: the newest stroke is shown in the end", () => {
    draw(200);
    previews.grown();
    previews.replied("p0");
    clock.go(100);
    expect(sent).toHaveLength(2);
    previews.replied("p1");
    clock.go(5000);
    expect(sent).toHaveLength(2); // nothing new was drawn
  });

  it("are not blocked for ever by a reply that is lost", () => {
    draw(200);
    draw(1900);
    expect(sent).toHaveLength(1);
    draw(200);
    expect(sent).toHaveLength(2);
    expect(previews.replied("p0")).toBe(false); // too late
    expect(previews.replied("p1")).toBe(true);
  });

  it("end with the stroke, and late ones are not shown", () => {
    draw(200);
    previews.grown();
    previews.end();
    clock.go(3000);
    expect(sent).toHaveLength(1);
    expect(previews.replied("p0")).toBe(false);
  });

  it("of the last stroke are not shown in the next", () => {
    draw(200);
    previews.end();
    previews.begin();
    expect(previews.replied("p0")).toBe(false);
  });

  it("that fail are not asked for again soon", () => {
    draw(200);
    expect(previews.failed("p0")).toBe(true);
    expect(previews.failed("other")).toBe(false);
    expect(previews.failed(null)).toBe(false);
    draw(3000);
    expect(sent).toHaveLength(1);
  });

  it("that come too slowly give way to the strokes themselves", () => {
    draw(200);
    clock.go(900);
    previews.replied("p0");
    draw(3000);
    expect(sent).toHaveLength(1);
  });
});
