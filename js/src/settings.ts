/** What the person has chosen in one view. The kernel knows nothing of it. */
import type { HeatMode } from "./heatmap";
import { max, min, round, within } from "./math";
import type { MaskMode } from "./overlay";
import type { Tool } from "./stroke";
import type { Size } from "./view";
import type { Shading } from "./windowlevel";

export interface Settings {
  /** What was chosen; `toolInHand` tells what draws. */
  tool: Tool;
  /** Strokes change pixels of the mask itself. */
  direct: boolean;
  positive: boolean;
  /** Brush width in image pixels. */
  brush: number;
  /** Of the mask's tint, 0 to 1. */
  opacity: number;
  mode: MaskMode;
  maskShown: boolean;
  promptsShown: boolean;
  /** Indices of labels whose masks are not shown. */
  hiddenLabels: readonly number[];
  shading: Shading;
  /** What the kernel is asked for beside the mask. */
  heat: HeatMode;
}

/** These can draw pixels as well as prompts. */
export const DIRECT: readonly Tool[] = ["scribble", "lasso", "circle"];

/** People's scribbles in MedScribble are about 3 pixels wide at 256 x 256. */
const BRUSH_SHARE = 3 / 256;
const BRUSH_STEP = 1.25;

export function initialSettings(image: Size): Settings {
  return {
    tool: "scribble",
    direct: false,
    positive: true,
    brush: usualBrush(image),
    opacity: 0.35,
    mode: "both",
    maskShown: true,
    promptsShown: true,
    hiddenLabels: [],
    shading: { window: 1, level: 0.5, gamma: 1, inverted: false },
    heat: "off",
  };
}

/** A mask is painted by the brush, unless the tool that was chosen can do it. */
export function toolInHand({ tool, direct }: Settings): Tool {
  return direct && !DIRECT.includes(tool) ? "scribble" : tool;
}

/** A tool is chosen. Only a lasso and a circle may go on changing the mask; else one is back at prompts. */
export function withTool(tool: Tool, { direct }: Settings): Partial<Settings> {
  return { tool, direct: direct && (tool === "lasso" || tool === "circle") };
}

/** The sign of what is drawn next. A box only ever says where the object is. */
export function isPositive(settings: Settings): boolean {
  return settings.positive || toolInHand(settings) === "box";
}

export function usualBrush(image: Size): number {
  return max(round(max(image.width, image.height) * BRUSH_SHARE), 1);
}

export function widestBrush(image: Size): number {
  return max(usualBrush(image) * 8, 12);
}

/** One step wider or thinner: always at least a pixel, and never off the slider. */
export function brushStep(brush: number, wider: boolean, image: Size): number {
  const next = wider
    ? max(round(brush * BRUSH_STEP), brush + 1)
    : min(round(brush / BRUSH_STEP), brush - 1);
  return within(next, 1, widestBrush(image));
}

export function nextMode(mode: MaskMode): MaskMode {
  return mode === "both" ? "fill" : mode === "fill" ? "contour" : "both";
}
