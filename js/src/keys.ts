/** All keys, in one table: what they do, what they are called, and how the help shows them. */

export type CommandName =
  | "scribble"
  | "click"
  | "box"
  | "lasso"
  | "circle"
  | "select"
  | "eraser"
  | "direct"
  | "sign"
  | "undo"
  | "redo"
  | "clear"
  | "commit"
  | "remove"
  | "hide"
  | "mode"
  | "thinner"
  | "wider"
  | "fit"
  | "zoomIn"
  | "zoomOut"
  | "actual"
  | "heat"
  | "window"
  | "preset"
  | "invert"
  | "previous"
  | "pan"
  | "options"
  | "finish"
  | "labels"
  | "history"
  | "copy"
  | "move"
  | "place"
  | "label"
  | "help"
  | "escape";

/** Lasts while its key is held. */
type Held = "pan" | "previous" | "window";
/** Done at once, and without a key or a place. */
export type Action = Exclude<CommandName, Held | "move" | "place" | "label" | "escape">;

export interface KeyCommand {
  command: CommandName;
  /** As `keyOf` spells them; several for one command. */
  keys: string[];
  /** As a person reads it. */
  shown: string;
  name: string;
  group: "Tools" | "Keyboard" | "Steps" | "View" | "Grey levels" | "More";
  /** Holding the key down repeats it. */
  repeats: boolean;
  /** Something lasts for as long as the key is held. */
  holds: boolean;
}

export const isMac = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.platform ?? "");
const MOD = isMac ? "⌘" : "Ctrl";

/** The keys, each a letter of a string or an item of a list; and how a person reads them, where that is not the letter. */
type Row = [command: CommandName, name: string, keys: string[] | string, shown?: string];

const DIGITS = [..."123456789"];
const ARROWS = ["left", "right", "up", "down"].flatMap((way) => [`arrow${way}`, `mod+arrow${way}`]);

const ROWS: Record<KeyCommand["group"], Row[]> = {
  Tools: [
    ["scribble", "Scribble", "s"],
    ["click", "Click (point)", "p"],
    ["box", "Box", "b"],
    ["lasso", "Lasso or polygon", "l"],
    ["circle", "Circle", "o"],
    ["select", "Select prompts and objects", "v"],
    ["eraser", "Erase prompts", "e"],
    ["direct", "Paint the mask itself", "d"],
    ["sign", "Switch between + and −", "t"],
    ["thinner", "Thinner brush", "[,", "[ or ,"],
    ["wider", "Wider brush", "].", "] or ."],
    ["label", "Choose a label", DIGITS, "1 – 9"],
  ],
  Keyboard: [
    ["move", `Move the crosshair (${MOD}: ten times as far)`, ARROWS, "Arrows"],
    ["place", "Click there, begin and end strokes; close a polygon", ["enter"], "Enter"],
  ],
  Steps: [
    ["undo", "Undo", ["mod+z"], `${MOD} Z`],
    ["redo", "Redo", ["mod+shift+z", "mod+y"], `${MOD} Shift Z, ${MOD} Y`],
    ["clear", "Clear the object in hand (can be undone)", "r"],
    ["commit", "Object is done: begin the next", "c"],
    ["remove", "Delete the selected prompt", ["delete", "backspace"], "Delete"],
  ],
  View: [
    ["hide", "Hide or show the mask", "h"],
    ["mode", "Fill, contour or both", "m"],
    ["fit", "Fit the picture", "0"],
    ["zoomIn", "Zoom in", "+=", "+"],
    ["zoomOut", "Zoom out", "-_", "−"],
    ["actual", "1:1, a pixel for a pixel", "z"],
    ["pan", "Hold and drag: move the picture", " ", "Space"],
    ["previous", "Hold: the mask before the last step", "`\\", "` or \\"],
    ["heat", "Probability, uncertainty, neither", "u"],
    ["options", "All view settings", "q"],
  ],
  "Grey levels": [
    ["window", "Hold and drag (or tap): window and level", "w"],
    ["preset", "Next window preset", "g"],
    ["invert", "Invert", "i"],
  ],
  More: [
    ["finish", "Finish the mask", "f"],
    ["labels", "Label", "n"],
    ["history", "History", "j"],
    ["copy", "Copy as Python", "y"],
    ["help", "This help", "?"],
    ["escape", "Cancel, close, leave the widget", ["escape"], "Esc"],
  ],
};
const REPEATING: readonly CommandName[] = ["thinner", "wider", "move", "undo", "redo", "zoomIn", "zoomOut"];
const HELD: readonly CommandName[] = ["pan", "previous", "window"] satisfies Held[];

export const COMMANDS: readonly KeyCommand[] = Object.entries(ROWS).flatMap(([group, rows]) =>
  rows.map(([command, name, keys, shown = String(keys).toUpperCase()]): KeyCommand => ({
    command,
    keys: [...keys],
    shown,
    name,
    group: group as KeyCommand["group"],
    repeats: REPEATING.includes(command),
    holds: HELD.includes(command),
  })),
);

/** What pointers do, for the help; and what becomes of all other keys. */
export const GESTURES: readonly { shown: string; name: string }[] = [
  { shown: "Right button", name: "The other sign" },
  { shown: "Double click", name: "Close a polygon" },
  { shown: `${MOD} wheel, pinch`, name: "Zoom" },
  { shown: "Middle button, two fingers", name: "Move the picture" },
];
export const OTHER_KEYS: Pick<KeyCommand, "shown" | "name" | "group"> = { shown: "Other letters", name: "Nothing, here or in the notebook", group: "More" };

type KeyPress = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/** A key press as the table spells it, or null when no command of ours could be meant. */
export function keyOf(event: KeyPress): string | null {
  // With Alt (on some Macs) or AltGr (which may say Ctrl and Alt) brackets are typed; letters and digits mean others.
  if (event.altKey && !/^[[\]\\]$/.test(event.key)) return null;
  let key = event.key;
  if (key === "Enter" && event.shiftKey) return null; // runs the cell
  // Where it is an accent that waits for its letter.
  if (key === "Dead" && event.code === "Backquote") key = "`";
  // Other scripts' letters are typed with the same keys.
  if (key.length === 1 && key > "\x7f" && /^Key[A-Z]$/.test(event.code)) key = event.code.slice(3);
  key = key.toLowerCase();
  const isLetter = /^[a-z]$/.test(key);
  const mod = (event.ctrlKey || event.metaKey) && !event.altKey;
  // With signs shift is not told apart: it is how they are typed.
  if ((isLetter || key.length > 1) && event.shiftKey) return mod ? `mod+shift+${key}` : null;
  return mod ? `mod+${key}` : key;
}

/** The command that a key press asks for, and the key; undefined when it is not ours and should go its way. */
export function commandFor(event: KeyPress): { command: KeyCommand; key: string } | undefined {
  const key = keyOf(event);
  const command = key === null ? undefined : COMMANDS.find((entry) => entry.keys.includes(key));
  return command && { command, key: key! };
}

/** "Undo (Ctrl Z)" */
export function titleOf(name: CommandName, text?: string): string {
  const entry = COMMANDS.find((candidate) => candidate.command === name)!;
  return `${text ?? entry.name} (${entry.shown})`;
}
