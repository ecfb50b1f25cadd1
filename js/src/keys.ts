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
  | "close"
  | "hide"
  | "mode"
  | "thinner"
  | "wider"
  | "fit"
  | "zoomIn"
  | "zoomOut"
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
  group: "Tools" | "Steps" | "View" | "More";
  /** Holding the key down repeats it. */
  repeats?: boolean;
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
  { command: "close", keys: ["enter"], shown: "Enter", name: "Close the polygon", group: "Steps" },
  { command: "hide", keys: ["h"], shown: "H", name: "Hide or show the mask", group: "View" },
  { command: "mode", keys: ["m"], shown: "M", name: "Fill, contour or both", group: "View" },
  { command: "fit", keys: ["0"], shown: "0", name: "Fit the picture", group: "View" },
  { command: "zoomIn", keys: ["+", "="], shown: "+", name: "Zoom in", group: "View", repeats: true },
  { command: "zoomOut", keys: ["-", "_"], shown: "−", name: "Zoom out", group: "View", repeats: true },
  { command: "help", keys: ["?"], shown: "?", name: "This help", group: "More" },
  { command: "escape", keys: ["escape"], shown: "Esc", name: "Cancel, close, leave the widget", group: "More" },
];

/** What pointers do, for the help. */
export const GESTURES: readonly { shown: string; name: string }[] = [
  { shown: "Right button", name: "The other sign" },
  { shown: `${MOD} wheel, pinch`, name: "Zoom" },
  { shown: "Space drag, middle button, two fingers", name: "Move the picture" },
];

type KeyPress = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/** A key press as the table spells it, or null when no command of ours could be meant. */
export function keyOf(event: KeyPress): string | null {
  // With Alt (on some Macs) or AltGr (which may say Ctrl and Alt) brackets are typed; letters and digits mean others.
  if (event.altKey && !/^[[\]]$/.test(event.key)) return null;
  let key = event.key;
  if (key === "Enter" && event.shiftKey) return null; // runs the cell
  // Other scripts' letters are typed with the same keys.
  if (key.length === 1 && key > "\x7f" && /^Key[A-Z]$/.test(event.code)) key = event.code.slice(3);
  key = key.toLowerCase();
  const isLetter = /^[a-z]$/.test(key);
  const mod = (event.ctrlKey || event.metaKey) && !event.altKey;
  // Only with letters is shift told apart: elsewhere it is how the sign is typed.
  if (isLetter && event.shiftKey) return mod ? `mod+shift+${key}` : null;
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
