import { beforeEach, describe, expect, it, vi } from "vitest";
import { makeKernel, type Kernel } from "../src/kernel";
import type { DrawnPrompt } from "../src/protocol";
import { BUSY_AFTER, CANCEL_AFTER, LOST_AFTER } from "../src/requests";
import { FakeClock } from "./fakeclock";
import { deflated, FakeHost, HEIGHT, WIDTH } from "./fakehost";

const click: DrawnPrompt = { kind: "click", x: 1, y: 2, positive: true };
const other: DrawnPrompt = { kind: "click", x: 3, y: 4, positive: false };
const size = { width: WIDTH, height: HEIGHT };

describe("the conversation with the kernel", () => {
  let clock: FakeClock;
  let host: FakeHost;
  let stroke: { label: number; prompt: DrawnPrompt } | null;
  const events = { touched: vi.fn(), updated: vi.fn(), changed: vi.fn(), cancelled: vi.fn(), heated: vi.fn() };

  function drawn(kernel: Kernel, prompt: DrawnPrompt, releasedAt: number | null): void {
    kernel.ask({ type: "prompt", label: 0, prompt }, releasedAt);
  }

  function open(traits = {}): Kernel {
    host = new FakeHost(traits);
    const kernel = makeKernel(host, clock, events, () => stroke);
    kernel.open(size, true);
    return kernel;
  }

  beforeEach(() => {
    clock = new FakeClock();
    stroke = null;
    vi.clearAllMocks();
  });

  it("draws a new view from the trait alone", async () => {
    const bits = Uint8Array.of(0b10110000);
    const plane = { label: 0, x: 2, y: 1, width: 4, height: 1, data: await deflated(bits) };
    const kernel = open({ mask_version: 5, _mask: { version: 5, planes: [plane] }, _prompts: { version: 5, lists: [[]] } });
    await vi.waitFor(() => expect(kernel.masks.version).toBe(5));
    expect(kernel.masks.area(0)).toBe(3);
    expect(host.sent).toEqual([]);
  });

  it("knows what was drawn from the trait, and asks when that is older than the mask", async () => {
    const listed = { version: 5, lists: [[click], [other]] };
    const kernel = open({ mask_version: 5, _mask: { version: 5, planes: [] }, _prompts: listed });
    expect([kernel.prompts.of(0), kernel.prompts.of(1)]).toEqual([[click], [other]]);
    await vi.waitFor(() => expect(kernel.masks.version).toBe(5));
    expect(host.sent).toEqual([]);
    const second = open({ mask_version: 6, _mask: { version: 6, planes: [] }, _prompts: listed });
    expect(host.types()).toEqual(["whole"]);
    await vi.waitFor(() => expect(second.masks.version).toBe(6)); // shown meanwhile
    host.update("x", 6, null, undefined, [{ label: 0, kept: 0, added: [click, other] }]);
    expect(second.prompts.of(0)).toEqual([click, other]);
  });

  it("asks for the whole when the trait is older, or its data did not survive", async () => {
    open({ mask_version: 6, _mask: { version: 5, planes: [] } });
    expect(host.types()).toEqual(["whole"]);
    const lost = { label: 0, x: 0, y: 0, width: 1, height: 1, data: new Uint8Array(0) };
    open({ mask_version: 5, _mask: { version: 5, planes: [lost] } });
    await vi.waitFor(() => expect(host.types()).toEqual(["whole"]));
  });

  it("lets updates wait while the trait is read", async () => {
    const kernel = open({ mask_version: 5, _mask: { version: 5, planes: [] }, _prompts: { version: 5, lists: [[]] } });
    host.update("elsewhere", 6, 5, { width: 3 });
    await vi.waitFor(() => expect(kernel.masks.version).toBe(6));
    expect(kernel.masks.area(0)).toBe(6);
    expect(host.sent).toEqual([]);
  });

  describe("once it is open", () => {
    let kernel: Kernel;
    beforeEach(async () => {
      kernel = open();
      await vi.waitFor(() => expect(kernel.masks.version).toBe(0));
      events.updated.mockClear();
    });

    it("sends a prompt, and has its answer", () => {
      drawn(kernel, click, 990);
      const { id } = host.last();
      expect(host.last()).toEqual({ type: "prompt", id, image: 0, label: 0, prompt: click });
      expect(kernel.state).toBe("thinking");
      host.say({ type: "started", id });
      host.update(id, 1, 0, { width: 3 });
      expect(kernel.state).toBe("ready");
      expect(kernel.masks.area(0)).toBe(6);
      expect(events.updated.mock.calls[0]![0]).toMatchObject({ id, releasedAt: 990 });
    });

    it("can be told to stop what takes its time, and what waits behind it", () => {
      host.cancel = vi.fn(() => true);
      drawn(kernel, click, null);
      drawn(kernel, other, null);
      const ids = kernel.requests.ids;
      clock.go(400);
      host.say({ type: "started", id: ids[0]! });
      expect([kernel.isCancellable, kernel.cancel()]).toEqual([false, false]); // it is quick so far
      clock.go(CANCEL_AFTER);
      expect([kernel.isCancellable, kernel.cancel()]).toEqual([true, true]);
      expect(host.cancel).toHaveBeenCalledExactlyOnceWith(ids);
      host.say({ type: "error", id: ids[0]!, text: "KeyboardInterrupt" }); // of a kernel that was interrupted
      host.say({ type: "cancelled", id: ids[1]! });
      expect(kernel).toMatchObject({ state: "ready", error: null, failed: [], isCancellable: false });
      expect(events.cancelled).toHaveBeenCalledTimes(2);
    });

    it("says which image was drawn on", () => {
      host.traits._image = { ...host.traits._image, version: 4 };
      drawn(kernel, click, null);
      expect(host.last()).toMatchObject({ image: 0 }); // it is not on the canvas yet
      kernel.open(size, false);
      drawn(kernel, click, null);
      expect(host.last()).toMatchObject({ image: 4 });
    });

    it("sends many at once, in order, and drops none", () => {
      for (let i = 0; i < 5; i++) drawn(kernel, i % 2 ? click : other, null);
      expect(host.types()).toEqual(Array(5).fill("prompt"));
      expect(kernel.requests.prompts).toHaveLength(5);
    });

    it("asks for the whole, once, when it missed a version", () => {
      host.update(null, 3, 2, {});
      host.update(null, 4, 3, {});
      expect(host.types()).toEqual(["whole"]);
      host.update(host.last().id, 4, null, { width: 5, height: 1 });
      expect([kernel.masks.version, kernel.masks.area(0)]).toEqual([4, 5]);
      host.update(null, 5, 4, {});
      expect(host.types()).toEqual(["whole"]);
      expect(kernel.masks.version).toBe(5);
    });

    it("takes no notice of what it knows already", () => {
      host.update(null, 1, 0, { width: 4 });
      host.update("another view's whole", 1, null, { width: 1 });
      expect(kernel.masks.area(0)).toBe(8);
    });

    it("asks when a version was announced but its update does not come", () => {
      host.set({ mask_version: 7 });
      clock.go(400);
      expect(host.sent).toEqual([]);
      clock.go(200);
      expect(host.types()).toEqual(["whole"]);
    });

    it("shows a refusal, keeps the prompt, and sends it again when asked", () => {
      drawn(kernel, click, null);
      const first = host.last().id;
      host.say({ type: "error", id: first, text: "ValueError: no" });
      expect([kernel.state, kernel.error, kernel.failed.length]).toEqual(["error", "ValueError: no", 1]);
      kernel.retry();
      expect(host.last()).toMatchObject({ type: "prompt", prompt: click });
      expect(host.last().id).not.toBe(first);
      expect([kernel.state, kernel.error, kernel.failed.length]).toEqual(["thinking", null, 0]);
    });

    it("goes on after an error, which the next success clears, but not one that was sent before it", () => {
      drawn(kernel, click, null);
      drawn(kernel, other, null);
      const [first, second] = host.sent.map((message) => message.id);
      clock.go(1);
      host.say({ type: "error", id: first!, text: "no" });
      host.update(second!, 1, 0, {});
      expect(kernel.error).toBe("no");
      clock.go(1);
      drawn(kernel, click, null);
      host.update(host.last().id, 2, 1, {});
      expect([kernel.state, kernel.error]).toEqual(["ready", null]);
    });

    it("hears errors for all, and not other views'", () => {
      host.say({ type: "error", id: "b-1", text: "theirs" });
      expect(kernel.error).toBeNull();
      host.say({ type: "error", id: null, text: "everybody's" });
      expect(kernel.error).toBe("everybody's");
      host.update(null, 1, 0);
      expect(kernel.error).toBeNull();
    });

    it("shows previews of its own stroke until the answer comes", () => {
      stroke = { label: 0, prompt: click };
      kernel.previews.begin();
      clock.go(200);
      kernel.previews.grown();
      const { id } = host.last();
      expect(host.last().type).toBe("preview");
      const reply = { type: "preview" as const, id, base: 0, seconds: 0, planes: [{ label: 0, x: 0, y: 0, width: 8, height: 1 }] };
      host.say({ ...reply, id: "theirs" }, [Uint8Array.of(255)]);
      expect(kernel.masks.area(0)).toBe(0);
      host.say(reply, [Uint8Array.of(255)]);
      expect([kernel.masks.area(0), kernel.masks.version]).toEqual([8, 0]);
      kernel.previews.end();
      drawn(kernel, click, null);
      expect(kernel.masks.area(0)).toBe(8);
      host.update(host.last().id, 1, 0, { width: 1, height: 1 });
      expect(kernel.masks.area(0)).toBe(1);
    });

    it("takes a failed preview in silence, and a failed prompt takes the preview away", () => {
      stroke = { label: 0, prompt: click };
      kernel.previews.begin();
      clock.go(200);
      kernel.previews.grown();
      host.say({ type: "preview", id: host.last().id, base: 0, seconds: 0, planes: [{ label: 0, x: 0, y: 0, width: 8, height: 1 }] }, [Uint8Array.of(255)]);
      clock.go(200);
      kernel.previews.grown();
      host.say({ type: "error", id: host.last().id, text: "cannot" });
      expect(kernel.error).toBeNull();
      drawn(kernel, click, null);
      host.say({ type: "error", id: host.last().id, text: "cannot" });
      expect([kernel.error, kernel.masks.area(0)]).toEqual(["cannot", 0]);
    });

    it("tells the kernel once when the person pauses", () => {
      clock.go(5000);
      expect(host.sent).toEqual([]); // nothing changed
      drawn(kernel, click, null);
      clock.go(700);
      expect(host.types()).toEqual(["prompt"]); // not answered yet
      host.update(host.last().id, 1, 0, {});
      clock.go(400);
      kernel.active();
      clock.go(400);
      expect(host.types()).toEqual(["prompt"]);
      clock.go(300);
      expect(host.types()).toEqual(["prompt", "settle"]);
      clock.go(5000);
      expect(host.types()).toEqual(["prompt", "settle"]);
    });

    it("says when the way to the kernel is gone, and keeps what was drawn", () => {
      host.dead = true;
      drawn(kernel, click, null);
      expect(kernel.state).toBe("gone");
      expect(kernel.requests.prompts).toHaveLength(1);
    });

    it("rouses a kernel that does not take up what it was sent", () => {
      drawn(kernel, click, null);
      clock.go(BUSY_AFTER - 1);
      expect(host.roused).toBe(0);
      clock.go(1);
      expect([kernel.state, host.roused]).toEqual(["busy", 1]);
      clock.go(LOST_AFTER);
      expect([kernel.state, host.roused]).toEqual(["lost", 2]);
      host.update(host.last().id, 1, 0, {});
      drawn(kernel, click, null);
      clock.go(BUSY_AFTER);
      expect([kernel.state, host.roused]).toEqual(["busy", 3]);
    });

    it("forgets all with a new image, and does not take the old image's mask for the new one's", () => {
      drawn(kernel, click, null);
      const { id } = host.last();
      host.traits._image = { ...host.traits._image, version: 1 };
      kernel.open({ width: 4, height: 4 }, false);
      expect([kernel.state, kernel.masks.version]).toEqual(["ready", null]);
      host.update(null, 1, null, {});
      expect(kernel.masks.version).toBe(1);
      host.update(id, 2, 1, {});
      expect(kernel.masks.version).toBe(2);
    });

    it("leaves nothing behind", () => {
      drawn(kernel, click, null);
      kernel.free();
      expect([host.listeners, clock.set]).toEqual([0, 0]);
    });
  });
});
