import { describe, expect, it } from "vitest";
import type { DrawnPrompt } from "../src/protocol";
import { isSeen } from "../src/seen";
import told from "../../tests/seen.json";

interface Case {
  prompt: DrawnPrompt;
  seen: boolean;
}

/** The kernel's tests read the same file: what is sent must not be refused. */
const [height, width] = told.shape as [number, number];
const cases = told.cases as unknown as Case[];

describe("a prompt", () => {
  it.each(cases.map(({ prompt, seen }) => [JSON.stringify(prompt), prompt, seen] as const))("%s is seen or not", (_, prompt, seen) => {
    expect(isSeen(prompt, { width, height })).toBe(seen);
  });
});
