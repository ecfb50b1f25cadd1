import { describe, expect, it } from "vitest";
import { makePromptLists } from "../src/promptlists";
import type { Click } from "../src/protocol";

const at = (x: number): Click => ({ kind: "click", x, y: 0, positive: true });

describe("the lists of prompts", () => {
  it("follow what is added and taken back, and keep the objects that stay", () => {
    const lists = makePromptLists();
    lists.replace({ version: 3, lists: [[at(1), at(2)], []] });
    const [first] = lists.of(0);
    expect(lists.apply({ base: 3, version: 4, prompts: [{ label: 0, kept: 1, added: [at(5)] }, { label: 1, kept: 0, added: [at(6)] }] })).toBe(true);
    expect(lists.of(0)).toEqual([at(1), at(5)]);
    expect(lists.of(0)[0]).toBe(first); // its shape on the canvas is kept with it
    expect(lists.of(1)).toEqual([at(6)]);
    expect(lists.apply({ base: 4, version: 5, prompts: [{ label: 0, kept: 0, added: [] }, { label: 1, kept: 0, added: [] }] })).toBe(true);
    expect([lists.isEmpty, lists.version]).toEqual([true, 5]);
  });

  it("say when a version was missed, and take the whole then", () => {
    const lists = makePromptLists();
    expect(lists.apply({ base: 0, version: 1, prompts: [] })).toBe(false);
    expect(lists.apply({ base: null, version: 7, prompts: [{ label: 0, kept: 0, added: [at(1)] }] })).toBe(true);
    expect(lists.apply({ base: 8, version: 9, prompts: [{ label: 0, kept: 1, added: [at(2)] }] })).toBe(false);
    expect([lists.of(0), lists.version]).toEqual([[at(1)], 7]);
  });

  it("take nothing twice", () => {
    const lists = makePromptLists();
    lists.apply({ base: null, version: 7, prompts: [{ label: 0, kept: 0, added: [at(1)] }] });
    expect(lists.apply({ base: 6, version: 7, prompts: [{ label: 0, kept: 0, added: [at(1), at(2)] }] })).toBe(true);
    expect(lists.of(0)).toEqual([at(1)]);
  });
});
