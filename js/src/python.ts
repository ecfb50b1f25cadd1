/** What was drawn, as Python that draws it again. */
import { isRaster, type LabelTrait, type Prompt } from "./protocol";

const WIDEST_LINE = 96;

export function asPython(labels: LabelTrait[], prompts: Prompt[][]): string {
  const several = labels.length > 1;
  const names = several ? `, labels=[${labels.map((label) => quoted(label.name)).join(", ")}]` : "";
  const lines = [`# w = sp.Segmenter(image${names})`];
  labels.forEach((label, index) => {
    const drawn = prompts[index] ?? [];
    if (several && drawn.length) lines.push(`w.label = ${quoted(label.name)}`);
    for (const prompt of drawn) lines.push(...callFor(prompt));
  });
  return lines.join("\n");
}

function callFor(prompt: Prompt): string[] {
  if (prompt.kind === "click") return [`w.add_click(${number(prompt.x)}, ${number(prompt.y)}${sign(prompt.positive)})`];
  if (prompt.kind === "box") {
    return [`w.add_box(${[prompt.x0, prompt.y0, prompt.x1, prompt.y1].map(number).join(", ")})`];
  }
  if (isRaster(prompt)) {
    return [`# a ${prompt.positive ? "positive" : "negative"} raster scribble, given from Python, is not repeated here`];
  }
  const points = prompt.points.map(([x, y]) => `(${number(x)}, ${number(y)})`);
  const rest = `]${sign(prompt.positive)}, width=${number(prompt.width)})`;
  const line = `w.add_scribble([${points.join(", ")}${rest}`;
  return line.length <= WIDEST_LINE ? [line] : ["w.add_scribble([", ...wrapped(points), rest];
}

/** Points a few to the line, so that a long stroke can be read and compared. */
function wrapped(points: string[]): string[] {
  const lines: string[] = [];
  let line = "   ";
  for (const point of points) {
    if (line.length + point.length + 2 > WIDEST_LINE) {
      lines.push(line);
      line = "   ";
    }
    line += ` ${point},`;
  }
  return [...lines, line];
}

/** As Python would print it: at most two decimals, at least one. */
function number(value: number): string {
  const text = String(Math.round(value * 100) / 100 || 0);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function sign(positive: boolean): string {
  return positive ? "" : ", positive=False";
}

/** JSON's strings are Python's. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
