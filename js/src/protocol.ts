/** What goes between the kernel and the canvas: the types of docs/protocol.md. */

/** Binary data as hosts hand it over: Jupyter gives a DataView, others one of its cousins. */
export type Bytes = DataView | ArrayBuffer | Uint8Array;

export type Dtype = "uint8" | "uint16" | "int16" | "float32";

export interface ImageTrait {
  version: number;
  dtype: Dtype;
  /** [H, W] or [H, W, 3] */
  shape: number[];
  low: number;
  high: number;
  /** [row, column] in mm */
  spacing: [number, number] | null;
  /** Of the values. */
  unit?: "HU" | null;
  /** [slope, intercept]: from the data to the image's own values. */
  rescale?: [number, number];
  data: Bytes;
}

export interface LabelTrait {
  name: string;
  color: string;
  /** Where masks overlap, the higher one is on top. */
  rank?: number;
}

export type Point = [x: number, y: number];
export interface Click {
  kind: "click";
  x: number;
  y: number;
  positive: boolean;
}
export interface Box {
  kind: "box";
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}
export interface Scribble {
  kind: "scribble";
  points: Point[];
  positive: boolean;
  width: number;
}
/** A scribble that Python gave as pixels: runs of [start, length, ...] in row order. */
export interface Raster {
  kind: "scribble";
  positive: boolean;
  shape: [number, number];
  runs: number[];
}
/** A filled polygon. */
export interface Lasso {
  kind: "lasso";
  points: Point[];
  positive: boolean;
}
export type DrawnPrompt = Click | Box | Scribble | Lasso;
export type Prompt = DrawnPrompt | Raster;

/** What is done to the mask that was predicted. */
export interface Finish {
  threshold: number;
  fill_holes: boolean;
  keep_largest: boolean;
  /** Standard deviation in pixels; 0: none. */
  smooth: number;
}
/** What the kernel tells of a label besides its prompts and masks. */
export interface Entry extends Finish {
  /** Number of direct edits. */
  edits: number;
  /** From a mask that was given. */
  started: boolean;
  /** From an object that was taken up again, and nothing was done to it since. */
  taken: boolean;
  locked: boolean;
  /** How many were committed. */
  objects: number;
  /** Whether the label may be taken away. */
  removable: boolean;
}

export interface PlaneHeader {
  label: number;
  /** 0 (or none): what is being drawn; 1 to 4: committed objects. */
  layer?: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface MaskTrait {
  version: number;
  planes: (PlaneHeader & { data: Bytes })[];
}

/** What was drawn for each label, as it was at `version`. */
export interface PromptsTrait {
  version: number;
  lists: Prompt[][];
}

export interface Traits {
  _image: ImageTrait;
  _labels: LabelTrait[];
  label: string;
  _prompts: PromptsTrait | null;
  _can: { undo: boolean; redo: boolean };
  _entries?: Entry[];
  mask_version: number;
  _mask: MaskTrait | null;
  _model: string;
  _key: string;
}

/** Prompt `index` of a label's list makes way for `prompts`. */
export interface Reprompt {
  index: number;
  prompts: DrawnPrompt[];
}

export type Command =
  | { type: "prompt" | "preview" | "paint"; label: number; prompt: DrawnPrompt }
  | { type: "undo" | "redo" | "whole" | "settle" | "steps" }
  | { type: "clear" | "unpaint" | "commit" | "probability" | "unlabel"; label: number }
  | { type: "reprompt"; label: number; changes: Reprompt[] }
  | ({ type: "finish"; label: number } & Partial<Finish>)
  | { type: "lock"; label: number; locked: boolean }
  | { type: "labels"; labels: LabelTrait[] }
  | { type: "resume"; x: number; y: number }
  | { type: "go"; step: number };
/** `image`: the version of the image that it was drawn on. */
export type Outgoing = Command & { id: string; image: number; version?: number | null };

/** Of a label's list the first `kept` stay, and `added` follow. */
export interface PromptChange {
  label: number;
  kept: number;
  added: Prompt[];
}

export interface Update {
  type: "update";
  id: string | null;
  version: number;
  base: number | null;
  seconds: number;
  planes: PlaneHeader[];
  prompts: PromptChange[];
}
export interface PreviewReply {
  type: "preview";
  id: string;
  base: number;
  seconds: number;
  planes: PlaneHeader[];
}
export interface Steps {
  type: "steps";
  id: string;
  current: number;
  steps: { action: string; label: number; kind?: Prompt["kind"]; positive?: boolean; finish?: Partial<Finish> }[];
}
/** How probable the label is: uint8 in `shape` ([h, w]), over a rectangle of image pixels. */
export interface ProbabilityReply extends PlaneHeader {
  type: "probability";
  id: string;
  version: number;
  shape: [number, number];
}
export type Incoming =
  | Update
  | Steps
  | PreviewReply
  | ProbabilityReply
  | { type: "started" | "cancelled"; id: string }
  | { type: "error"; id: string | null; text: string };

/** Where the widget lives: anywidget, or a test. Each `on...` gives back the function that ends it. */
export interface Host {
  get<K extends keyof Traits>(name: K): Traits[K] | undefined;
  setLabel(name: string): void;
  onChange(name: keyof Traits, act: () => void): () => void;
  /** Throws when the way to the kernel is known to be gone. */
  send(message: Outgoing): void;
  onMessage(act: (message: Incoming, buffers: Bytes[]) => void): () => void;
  /** The host noticed that the kernel was restarted or went away; not every host can tell. */
  onLost?(act: () => void): () => void;
  /** Stop what the kernel works on, and what waits behind it. False where there is no way to do so. */
  cancel?(requests: string[]): boolean;
  /** Make the kernel say anything at all: from it the host learns whether it is still the same. */
  rouse?(): void;
}

export function isRaster(prompt: Prompt): prompt is Raster {
  return prompt.kind === "scribble" && "runs" in prompt;
}
