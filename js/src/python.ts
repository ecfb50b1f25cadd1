/** What was drawn, as Python that draws it again. */
import { LAYERS, type Masks } from "./planes";
import { isRaster, type Entry, type LabelTrait, type Prompt } from "./protocol";
import { NOTHING } from "./truth";

const WIDEST_LINE = 96;

/** Helps to write down what there is as pixels alone. */
const RASTER = `\
import numpy as np
from skimage import measure


def raster(h, w, *runs):  # starts, lengths, in row order
    pixels = np.zeros(h * w)
    for start, length in zip(runs[::2], runs[1::2]):
        pixels[start : start + length] = 1
    return pixels.reshape(h, w)


def parts(pixels):  # each becomes an object
    numbers = measure.label(pixels)
    return [numbers == i + 1 for i in range(numbers.max())]

`.split("\n");

/**
 * All prompts, and as pixels what they alone would not give again: objects that are done, and masks that were painted or
 * started from. `more`: what was drawn and is not in `prompts` yet; `entries`: what else is known of each label.
 */
export function asPython(
  labels: LabelTrait[],
  prompts: (label: number) => readonly Prompt[],
  more: readonly { label: number; prompt: Prompt }[],
  entries: Entry[],
  masks: Masks,
): string {
  const several = labels.length > 1;
  const names = several ? `, labels=[${labels.map((label) => quoted(label.name)).join(", ")}]` : "";
  const [done, inHand]: string[][] = [[], []];
  labels.forEach((label, index) => {
    const { edits, started, taken } = entries[index] ?? NOTHING;
    const write = (lines: string[], calls: string[]): void => {
      if (several && calls.length) lines.push(`w.label = ${quoted(label.name)}`);
      lines.push(...calls);
    };
    // What is only looked at is done as well.
    const layers = [...Array(LAYERS).keys()].slice(taken ? 0 : 1).map((layer) => pixelsOf(masks, index, layer));
    write(
      done!,
      layers.flatMap((runs) => (runs ? [...wrapped("for one in parts(raster(", runs, ")):"), "    w.start_from(one)", "    w.commit()"] : [])),
    );
    const isPixels = edits || started;
    const runs = isPixels && !taken ? pixelsOf(masks, index, 0) : null;
    write(inHand!, [
      ...(runs ? wrapped("w.start_from(raster(", runs, "))") : []),
      ...[...(isPixels ? [] : prompts(index)), ...more.filter((one) => one.label === index).map(({ prompt }) => prompt)].flatMap(callFor),
      // Those pixels are finished already.
      ...finishing(entries[index]).map((call) => (isPixels ? `# ${call}` : call)),
    ]);
  });
  const lines = [...done!, ...inHand!];
  if (lines.some((line) => line.includes("raster("))) lines.unshift(...RASTER);
  return [`# w = sp.Segmenter(image${names})`, ...lines].join("\n");
}

/** What `raster` takes for a mask; null where it is empty. */
function pixelsOf(masks: Masks, label: number, layer: number): string[] | null {
  const plane = masks.plane(label, layer);
  const runs: number[] = [];
  for (let end = 0, start; plane && (start = plane.indexOf(1, end)) >= 0; ) {
    end = plane.indexOf(0, start);
    if (end < 0) end = plane.length;
    runs.push(start, end - start);
  }
  return runs.length ? [masks.height, masks.width, ...runs].map(String) : null;
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

function callFor(prompt: Prompt): string[] {
  if (prompt.kind === "click") return [`w.add_click(${number(prompt.x)}, ${number(prompt.y)}${sign(prompt.positive)})`];
  if (prompt.kind === "box") {
    return [`w.add_box(${[prompt.x0, prompt.y0, prompt.x1, prompt.y1].map(number).join(", ")})`];
  }
  if (isRaster(prompt)) {
    return wrapped("w.add_scribble(raster=raster(", [...prompt.shape, ...prompt.runs].map(String), `)${sign(prompt.positive)})`);
  }
  const points = prompt.points.map(([x, y]) => `(${number(x)}, ${number(y)})`);
  if (prompt.kind === "lasso") return wrapped("w.add_lasso([", points, `]${sign(prompt.positive)})`);
  return wrapped("w.add_scribble([", points, `]${sign(prompt.positive)}, width=${number(prompt.width)})`);
}

/** In one line where it fits, else a few items to the line, so that a long stroke can be read and compared. */
function wrapped(head: string, items: string[], tail: string): string[] {
  const whole = `${head}${items.join(", ")}${tail}`;
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
