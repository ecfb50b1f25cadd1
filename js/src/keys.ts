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
  | "copy"
  | "move"
  | "place"
  | "label"
  | "help"
  | "escape";

export interface KeyCommand {
  command: CommandName;
  /** As `keyOf` spells them; several for one command. */
  keys: string[];
  /** As a person reads it. */
  shown: string;
  name: string;
  group: "Tools" | "Keyboard" | "Steps" | "View" | "Grey levels" | "More";
  /** Holding the key down repeats it. */
  repeats?: boolean;
  /** Something lasts for as long as the key is held. */
  holds?: boolean;
}

export const isMac = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.platform ?? "");
const MOD = isMac ? "⌘" : "Ctrl";

export const COMMANDS: readonly KeyCommand[] = [
  { command: "scribble", keys: ["s"], shown: "S", name: "Scribble", group: "Tools" },
  { command: "click", keys: ["p"], shown: "P", name: "Click (point)", group: "Tools" },
  { command: "box", keys: ["b"], shown: "B", name: "Box", group: "Tools" },
  { command: "lasso", keys: ["l"], shown: "L", name: "Lasso or polygon", group: "Tools" },
  { command: "circle", keys: ["o"], shown: "O", name: "Circle", group: "Tools" },
  { command: "select", keys: ["v"], shown: "V", name: "Select and change prompts", group: "Tools" },
  { command: "eraser", keys: ["e"], shown: "E", name: "Erase prompts", group: "Tools" },
  { command: "direct", keys: ["d"], shown: "D", name: "Paint the mask itself", group: "Tools" },
  { command: "sign", keys: ["t"], shown: "T", name: "Switch between + and −", group: "Tools" },
  { command: "thinner", keys: ["[", ","], shown: "[ or ,", name: "Thinner brush", group: "Tools", repeats: true },
  { command: "wider", keys: ["]", "."], shown: "] or .", name: "Wider brush", group: "Tools", repeats: true },
  {
    command: "label",
    keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
    shown: "1 – 9",
    name: "Choose a label",
    group: "Tools",
  },
  {
    command: "move",
    keys: ["left", "right", "up", "down"].flatMap((way) => [`arrow${way}`, `mod+arrow${way}`]),
    shown: "Arrows",
    name: `Move the crosshair (${MOD}: ten times as far)`,
    group: "Keyboard",
    repeats: true,
  },
  { command: "place", keys: ["enter"], shown: "Enter", name: "Click there, begin and end strokes; close a polygon", group: "Keyboard" },
  { command: "undo", keys: ["mod+z"], shown: `${MOD} Z`, name: "Undo", group: "Steps", repeats: true },
  {
    command: "redo",
    keys: ["mod+shift+z", "mod+y"],
    shown: `${MOD} Shift Z`,
    name: "Redo",
    group: "Steps",
    repeats: true,
  },
  { command: "clear", keys: ["r"], shown: "R", name: "Clear the label (can be undone)", group: "Steps" },
  { command: "commit", keys: ["c"], shown: "C", name: "Object is done: begin the next", group: "Steps" },
  { command: "remove", keys: ["delete", "backspace"], shown: "Delete", name: "Delete the selected prompt", group: "Steps" },
  { command: "hide", keys: ["h"], shown: "H", name: "Hide or show the mask", group: "View" },
  { command: "mode", keys: ["m"], shown: "M", name: "Fill, contour or both", group: "View" },
  { command: "fit", keys: ["0"], shown: "0", name: "Fit the picture", group: "View" },
  { command: "zoomIn", keys: ["+", "="], shown: "+", name: "Zoom in", group: "View", repeats: true },
  { command: "zoomOut", keys: ["-", "_"], shown: "−", name: "Zoom out", group: "View", repeats: true },
  { command: "actual", keys: ["z"], shown: "Z", name: "1:1, a pixel for a pixel", group: "View" },
  { command: "pan", keys: [" "], shown: "Space", name: "Hold and drag: move the picture", group: "View", holds: true },
  { command: "previous", keys: ["`", "\\"], shown: "` or \\", name: "Hold: the mask before the last step", group: "View", holds: true },
  { command: "heat", keys: ["u"], shown: "U", name: "Probability, uncertainty, neither", group: "View" },
  { command: "options", keys: ["q"], shown: "Q", name: "All view settings", group: "View" },
  { command: "window", keys: ["w"], shown: "W", name: "Hold and drag (or tap): window and level", group: "Grey levels", holds: true },
  { command: "preset", keys: ["g"], shown: "G", name: "Next window preset", group: "Grey levels" },
  { command: "invert", keys: ["i"], shown: "I", name: "Invert", group: "Grey levels" },
  { command: "copy", keys: ["y"], shown: "Y", name: "Copy as Python", group: "More" },
  { command: "help", keys: ["?"], shown: "?", name: "This help", group: "More" },
  { command: "escape", keys: ["escape"], shown: "Esc", name: "Cancel, close, leave the widget", group: "More" },
];

/** What pointers do, for the help; and what becomes of all other keys. */
export const GESTURES: readonly { shown: string; name: string }[] = [
  { shown: "Right button", name: "The other sign" },
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
