/** The keys of a `ReviewGrid`. */

const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

export interface ReviewAction {
  /** As `KeyboardEvent.key` says it; "all" for every tile. */
  key: string;
  toggle: boolean;
  range: boolean;
}

type KeyPress = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/** What a key asks of the grid; undefined when it is not the grid's, and should go its way. */
export function actionFor(event: KeyPress): ReviewAction | undefined {
  if (event.altKey) return undefined;
  const toggle = event.ctrlKey || event.metaKey;
  if (MOVES.includes(event.key)) return { key: event.key, toggle, range: event.shiftKey };
  if (toggle) return event.key.toLowerCase() === "a" && !event.shiftKey ? { key: "all", toggle, range: false } : undefined;
  if (event.shiftKey) return undefined; // Shift Enter runs the cell
  return [" ", "Enter", "Escape"].includes(event.key) ? { key: event.key, toggle, range: false } : undefined;
}
