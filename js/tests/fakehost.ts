import type { Bytes, Host, Incoming, Outgoing, PlaneHeader, PromptChange, Traits } from "../src/protocol";

export const WIDTH = 12;
export const HEIGHT = 8;

/** Bits of a `width` x `height` rectangle, as numpy.packbits gives them, at an odd place in a larger buffer. */
export function packed(width: number, height: number, isSet: (x: number, y: number) => boolean): DataView {
  const bytes = new Uint8Array(Math.ceil((width * height) / 8) + 5);
  for (let i = 0; i < width * height; i++) {
    if (isSet(i % width, Math.floor(i / width))) bytes[5 + (i >> 3)]! |= 128 >> (i & 7);
  }
  return new DataView(bytes.buffer, 5);
}

/** A host whose kernel says what the test makes it say. */
export class FakeHost implements Host {
  sent: Outgoing[] = [];
  traits: Traits;
  dead = false;
  roused = 0;
  cancel?: (requests: string[]) => boolean;
  private changes = new Map<string, Set<() => void>>();
  private messages = new Set<(message: Incoming, buffers: Bytes[]) => void>();
  private losses = new Set<() => void>();

  constructor(traits: Partial<Traits> = {}) {
    this.traits = {
      _image: {
        version: 0,
        dtype: "uint8",
        shape: [HEIGHT, WIDTH],
        low: 0,
        high: 255,
        spacing: null,
        data: new DataView(new ArrayBuffer(WIDTH * HEIGHT)),
      },
      _labels: [{ name: "lesion", color: "#56b4e9" }],
      label: "lesion",
      _prompts: { version: 0, lists: [[]] },
      _can: { undo: false, redo: false },
      mask_version: 0,
      _mask: { version: 0, planes: [] },
      _model: "default",
      _key: "k1",
      ...traits,
    };
  }

  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.traits[name];
  }

  setLabel(name: string): void {
    this.set({ label: name });
  }

  onChange(name: keyof Traits, act: () => void): () => void {
    const acts = this.changes.get(name) ?? new Set();
    this.changes.set(name, acts.add(act));
    return () => acts.delete(act);
  }

  send(message: Outgoing): void {
    if (this.dead) throw new Error("the comm is closed");
    this.sent.push(message);
  }

  onMessage(act: (message: Incoming, buffers: Bytes[]) => void): () => void {
    this.messages.add(act);
    return () => this.messages.delete(act);
  }

  onLost(act: () => void): () => void {
    this.losses.add(act);
    return () => this.losses.delete(act);
  }

  rouse(): void {
    this.roused++;
  }

  /** Listeners that are still there. */
  get listeners(): number {
    return [...this.changes.values(), this.messages, this.losses].reduce((sum, acts) => sum + acts.size, 0);
  }

  set(traits: Partial<Traits>): void {
    Object.assign(this.traits, traits);
    for (const name of Object.keys(traits)) this.changes.get(name)?.forEach((act) => act());
  }

  say(message: Incoming, buffers: Bytes[] = []): void {
    this.messages.forEach((act) => act(message, buffers));
  }

  lose(): void {
    this.losses.forEach((act) => act());
  }

  /** A committed mask: one rectangle, all set; and what else was drawn. */
  update(id: string | null, version: number, base: number | null, plane?: Partial<PlaneHeader>, prompts: PromptChange[] = []): void {
    const header = { label: 0, x: 0, y: 0, width: 2, height: 2, ...plane };
    const planes = plane ? [header] : [];
    this.say({ type: "update", id, version, base, seconds: 0.01, planes, prompts }, plane ? [packed(header.width, header.height, () => true)] : []);
    this.set({ mask_version: version });
  }

  types(): string[] {
    return this.sent.map((message) => message.type);
  }

  last(): Outgoing {
    return this.sent[this.sent.length - 1]!;
  }
}

/** As zlib.compress does it. */
export async function deflated(plain: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([plain.slice()]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The text of a button without the key that does the same, which is told to nobody who hears. */
export function nameOf(button: HTMLElement): string {
  const copy = button.cloneNode(true) as HTMLElement;
  copy.querySelector("kbd")?.remove();
  return copy.textContent!;
}
