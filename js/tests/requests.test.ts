import { beforeEach, describe, expect, it, vi } from "vitest";
import { makeRequests, type Requests } from "../src/requests";
import { FakeClock } from "./fakeclock";

const prompt = { type: "prompt", label: 0, prompt: { kind: "click", x: 1, y: 2, positive: true } } as const;

describe("what waits for an answer", () => {
  let clock: FakeClock;
  let requests: Requests;
  const changed = vi.fn();

  beforeEach(() => {
    clock = new FakeClock();
    changed.mockClear();
    requests = makeRequests(clock, "a", changed);
  });

  it("is ready, thinking, ready", () => {
    expect(requests.state).toBe("ready");
    const { id } = requests.add(prompt);
    expect(requests.state).toBe("thinking");
    clock.go(20);
    requests.alive();
    requests.start(id);
    clock.go(5000);
    expect(requests.state).toBe("thinking");
    expect(requests.finish(id)?.id).toBe(id);
    expect(requests.state).toBe("ready");
    expect(clock.set).toBe(0);
  });

  it("is busy when nobody takes it up, and tells so by itself", () => {
    requests.add(prompt);
    changed.mockClear();
    clock.go(801);
    expect(changed).toHaveBeenCalled();
    expect(requests.state).toBe("busy");
  });

  it("is lost after ten seconds without a word, and found again by any late answer", () => {
    const { id } = requests.add(prompt);
    clock.go(10_001);
    expect(requests.state).toBe("lost");
    requests.alive();
    requests.start(id);
    expect(requests.state).toBe("thinking");
    requests.finish(id);
    expect(requests.state).toBe("ready");
  });

  it("has patience with a predictor that has begun", () => {
    requests.start(requests.add(prompt).id);
    clock.go(30_000);
    expect(requests.state).toBe("thinking");
    clock.go(40_000);
    expect(requests.state).toBe("lost");
  });

  it("keeps all prompts, in order, until each is answered", () => {
    const ids = [1, 2, 3].map(() => requests.add(prompt).id);
    expect(new Set(ids).size).toBe(3);
    requests.finish(ids[1]!);
    expect(requests.prompts.map((request) => request.id)).toEqual([ids[0], ids[2]]);
  });

  it("knows nothing of other views' ids", () => {
    requests.add(prompt);
    expect(requests.finish("b-1")).toBeUndefined();
    expect(requests.finish(null)).toBeUndefined();
    expect(requests.size).toBe(1);
  });

  it("is gone at once when the host says so, whatever waits, until something is heard again", () => {
    requests.lost();
    expect(requests.state).toBe("gone");
    requests.finish(requests.add(prompt).id);
    requests.start(requests.add(prompt).id);
    clock.go(900);
    expect(requests.state).toBe("gone");
    requests.clear();
    requests.alive();
    expect(requests.state).toBe("ready");
  });
});
