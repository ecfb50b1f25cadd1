/** What was drawn, as Python that draws it again. */
import { counted } from "./format";
import { isRaster, type Entry, type LabelTrait, type Prompt } from "./protocol";
import { NOTHING } from "./truth";

const WIDEST_LINE = 96;

/** Helps to write down what Python gave as pixels. */
const RASTER = `\
import numpy as np


def raster(height, width, *runs):  # start and length of each run of pixels, in row order
    pixels = np.zeros(height * width)
    for start, length in zip(runs[::2], runs[1::2]):
        pixels[start : start + length] = 1  # values between 0 and 1 became 1
    return pixels.reshape(height, width)

`.split("\n");

/** `entries`: what the prompts alone do not tell of each label. */
export function asPython(labels: LabelTrait[], prompts: Prompt[][], entries: Entry[] = []): string {
  const several = labels.length > 1;
  const names = several ? `, labels=[${labels.map((label) => quoted(label.name)).join(", ")}]` : "";
  const lines = [`# w = sp.Segmenter(image${names})`];
  if (prompts.flat().some(isRaster)) lines.push(...RASTER);
  labels.forEach((label, index) => {
    const calls = [...(prompts[index] ?? []).flatMap(callFor), ...finishing(entries[index])];
    if (several && calls.length) lines.push(`w.label = ${quoted(label.name)}`);
    lines.push(...calls);
  });
  lines.push(...missing(entries));
  return lines.join("\n");
}

/** What is done to the mask, where it is not what is done at first. */
function finishing(entry: Entry = NOTHING): string[] {
  const { threshold, fill_holes, keep_largest, smooth } = entry;
  const said = [
    threshold !== NOTHING.threshold && `threshold=${number(threshold)}`,
    fill_holes && "fill_holes=True",
    keep_largest && "keep_largest=True",
    smooth && `smooth=${number(smooth)}`,
  ].filter(Boolean);
  return said.length ? [`w.finish(${said.join(", ")})`] : [];
}

/** Edits, committed objects and masks that were started from are pixels: only the kernel has them. */
function missing(entries: Entry[]): string[] {
  const sum = (name: "edits" | "objects" | "started" | "taken"): number => entries.reduce((total, entry) => total + Number(entry[name]), 0);
  const parts = [
    counted(sum("edits"), "painted edit"),
    counted(sum("objects"), "finished object"),
    // What is looked at is a finished object.
    counted(sum("started") - sum("taken"), "starting mask"),
  ];
  const told = parts.filter((part) => part !== "");
  return told.length ? [`# Not in this code: ${told.join(", ")}.`] : [];
}

function callFor(prompt: Prompt): string[] {
  if (prompt.kind === "click") return [`w.add_click(${number(prompt.x)}, ${number(prompt.y)}${sign(prompt.positive)})`];
  if (prompt.kind === "box") {
    return [`w.add_box(${[prompt.x0, prompt.y0, prompt.x1, prompt.y1].map(number).join(", ")})`];
  }
  if (isRaster(prompt)) {
    const [height, width] = prompt.shape;
    return wrapped(`w.add_scribble(raster=raster(${height}, ${width},`, prompt.runs.map(String), `)${sign(prompt.positive)})`);
  }
  const points = prompt.points.map(([x, y]) => `(${number(x)}, ${number(y)})`);
  if (prompt.kind === "lasso") return wrapped("w.add_lasso([", points, `]${sign(prompt.positive)})`);
  return wrapped("w.add_scribble([", points, `]${sign(prompt.positive)}, width=${number(prompt.width)})`);
}

/** In one line where it fits, else a few items to the line, so that a long stroke can be read and compared. */
function wrapped(head: string, items: string[], tail: string): string[] {
  const whole = `${head}${head.endsWith(",") ? " " : ""}${items.join(", ")}${tail}`;
  if (whole.length <= WIDEST_LINE) return [whole];
  const lines = [head];
  let line = "   ";
  for (const item of items) {
    if (line.length + item.length + 2 > WIDEST_LINE) {
      lines.push(line);
      line = "   ";
    }
    line += ` ${item},`;
  }
  return [...lines, line, tail];
}

/** As Python would print it, all digits: rounded, what lies at the edge could fall off the picture. */
function number(value: number): string {
  const text = String(value || 0);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function sign(positive: boolean): string {
  return positive ? "" : ", positive=False";
}

/** JSON's strings are Python's. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
