/** Keys typed into the widget: ours are taken, the notebook's shortcuts with Ctrl go their way, the rest does no harm. */
import { focused, listen } from "./dom";
import { commandFor, type CommandName, type KeyCommand } from "./keys";

export interface KeyboardEvents {
  /** False: the command does nothing now, and the key goes its way. */
  run(command: KeyCommand, key: string): boolean;
  /** A key that lasts went down, or up again. */
  hold(command: CommandName, held: boolean): void;
}

const SUPPRESS = "data-lm-suppress-shortcuts";
/** Where keys are typed or mean something, wherever the pointer is. */
const OTHERS = "input, textarea, select, button, [contenteditable=true], [role=dialog], .sp-segmenter";

/** What buttons and sliders do something with themselves. */
const FOR_CONTROLS = /^( |Enter|Arrow.*)$/;

/** Give back the function that ends it. */
export function listenToKeys(root: HTMLElement, events: KeyboardEvents): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  root.toggleAttribute(SUPPRESS, true);
  const pointer = followPointer(root, signal);

  let held: { command: CommandName; code: string } | null = null;
  const release = (): void => {
    if (held) events.hold(held.command, false);
    held = null;
  };

  /** Do what a key asks for; whether there was anything. */
  const press = (event: KeyboardEvent): boolean => {
    const found = commandFor(event);
    if (!found) return false;
    if (found.command.holds) {
      if (event.repeat) return true;
      release();
      held = { command: found.command.command, code: event.code };
      events.hold(held.command, true);
      return true;
    }
    const idle = event.repeat && !found.command.repeats;
    return idle || events.run(found.command, found.key);
  };

  // On the window and when capturing, because some versions of Lab look at a key before it gets to us.
  listen(
    window,
    "keydown",
    (event) => {
      if (!(event.target instanceof Element) || event.isComposing) return;
      if (root.contains(event.target)) {
        makeWay(root, event.target, event);
      } else if (pointer.isOver() && isMeant(event) && !event.target.closest(OTHERS)) {
        // Who points at the picture means it, and not the cell that has the focus, which Lab would delete at D D. The
        // focus stays there: Lab would make this cell the active one, and run it again with the next Shift Enter.
        if (press(event) || isPlain(event)) take(event);
      }
    },
    { capture: true, signal },
  );

  listen(
    root,
    "keydown",
    (event) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (FOR_CONTROLS.test(event.key) ? event.target !== root : isText(event.target) && event.key !== "Escape") return;
      if (press(event)) take(event);
      if (event.key === "Escape" && !root.contains(focused())) pointer.giveUp();
    },
    { signal },
  );
  listen(window, "keyup", (event) => event.code === held?.code && release(), { signal });
  for (const place of [root, window]) listen(place, "blur", release, { signal });
  return () => ended.abort();
}

/**
 * JupyterLab leaves keys alone in an element with this attribute: its plain letters delete cells. Ctrl S, Shift Enter and
 * whatever else is neither ours nor typed by a slip is the notebook's, so for those the attribute steps aside. It has to
 * be on the control that has the focus: what Lab looks for is `:focus`, and it begins there.
 */
function makeWay(root: HTMLElement, target: Element, event: KeyboardEvent): void {
  const toNotebook = !commandFor(event) && !isPlain(event) && !isText(target);
  for (const element of [root, target]) element.toggleAttribute(SUPPRESS, !toNotebook);
  if (toNotebook) setTimeout(() => root.toggleAttribute(SUPPRESS, true));
}

/** Whether the pointer was moved over `root` and is there still; not after `giveUp`, until it comes again. */
function followPointer(root: HTMLElement, signal: AbortSignal): { isOver(): boolean; giveUp(): void } {
  let state: "away" | "over" | "given up" = "away";
  listen(
    root,
    "pointermove",
    (event) => {
      // When the page scrolls under it, the pointer itself does not move.
      if (state === "away" && (event.movementX || event.movementY)) state = "over";
    },
    { signal },
  );
  listen(root, "pointerleave", () => (state = "away"), { signal });
  // What is taken off the page while the pointer is over it is not told that the pointer left.
  return { isOver: () => state === "over" && root.isConnected, giveUp: () => (state = "given up") };
}

/** What the picture is meant by that the pointer rests on; arrows and Enter go on where the focus is. */
function isMeant(event: KeyboardEvent): boolean {
  return isPlain(event) || commandFor(event)?.command.group === "Steps";
}

/** A letter, digit or sign by itself. */
function isPlain(event: KeyboardEvent): boolean {
  return event.key.length === 1 && !event.metaKey && event.ctrlKey === event.altKey;
}

/** Where letters are typed or at least selected: only Esc is ours there. */
function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === "text");
}

function take(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}
