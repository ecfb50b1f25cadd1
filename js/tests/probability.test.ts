import { describe, expect, it, vi } from "vitest";
import { FORGET_AFTER, makeProbabilityQuestions } from "../src/probability";
import type { ProbabilityReply } from "../src/protocol";
import { FakeClock } from "./fakeclock";

function setUp() {
  const clock = new FakeClock();
  let count = 0;
  const send = vi.fn((_label: number): string | null => `q-${++count}`);
  const questions = makeProbabilityQuestions(clock, send);
  const reply = (id: string, label: number, version: number): ProbabilityReply => ({
    ...{ type: "probability", id, label, version, x: 0, y: 0, width: 4, height: 2, shape: [1, 2] },
  });
  const answer = (id: string, label: number, version: number): void => questions.replied(reply(id, label, version), Uint8Array.of(0, 255));
  return { clock, send, questions, answer };
}

describe("questions for probabilities", () => {
  it("are asked one at a time, and again for a newer mask", () => {
    const { send, questions, answer } = setUp();
    questions.want(0, 1, true);
    questions.want(0, 2, true);
    questions.want(0, 3, true);
    expect(send).toHaveBeenCalledTimes(1);
    answer("q-1", 0, 1);
    expect(questions.map).toMatchObject({ version: 1, values: Uint8Array.of(0, 255) });
    questions.want(0, 3, true);
    expect(send).toHaveBeenCalledTimes(2);
    answer("q-2", 0, 3);
    questions.want(0, 3, true);
    expect(send).toHaveBeenCalledTimes(2);
  });

  it("wait while something else does, and end with the wish", () => {
    const { send, questions, answer } = setUp();
    questions.want(0, 1, false);
    questions.want(null, 1, true);
    questions.want(0, null, true);
    expect(send).not.toHaveBeenCalled();
    questions.want(0, 1, true);
    answer("q-1", 0, 1);
    questions.want(null, 1, true);
    expect(questions.map).toBeNull();
  });

  it("are asked for the label that is active, and other views' answers are not ours", () => {
    const { send, questions, answer } = setUp();
    questions.want(0, 1, true);
    answer("other-1", 0, 1);
    expect(questions.map).toBeNull();
    answer("q-1", 0, 1);
    questions.want(1, 1, true);
    expect([questions.map, send.mock.calls]).toEqual([null, [[0], [1]]]);
  });

  it("that were refused are not repeated, and those that were lost are", () => {
    const { clock, send, questions } = setUp();
    questions.want(0, 1, true);
    expect([questions.failed("other"), questions.failed(null), questions.failed("q-1")]).toEqual([false, false, true]);
    questions.want(0, 1, true);
    expect(send).toHaveBeenCalledTimes(1);
    questions.want(0, 2, true);
    expect(send).toHaveBeenCalledTimes(2);
    clock.go(FORGET_AFTER);
    questions.want(0, 2, true);
    expect(send).toHaveBeenCalledTimes(3);
  });
});
