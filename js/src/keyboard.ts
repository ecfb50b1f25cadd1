/** Keys typed into the widget: ours are taken, the notebook's shortcuts with Ctrl go their way, the rest does no harm. */
import { commandFor, keyOf, type KeyCommand } from "./keys";

export interface KeyboardEvents {
  /** False: the command does nothing now, and the key goes its way. */
  run(command: KeyCommand, key: string): boolean;
  /** The space bar is held: the next drag moves the picture. */
  space(held: boolean): void;
}

const SUPPRESS = "data-lm-suppress-shortcuts";

/** Give back the function that ends it. */
export function listenToKeys(root: HTMLElement, events: KeyboardEvents): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  root.toggleAttribute(SUPPRESS, true);

  // JupyterLab leaves keys alone inside an element with this attribute: its plain letters delete cells. That includes
  // Ctrl S and its like, which should still save the notebook, so for those the attribute steps aside. On the window
  // and when capturing, because some versions of Lab look at the key before it gets to us.
  window.addEventListener(
    "keydown",
    (event) => {
      if (!(event.target instanceof Node) || !root.contains(event.target)) return;
      const key = keyOf(event);
      const forNotebook = key !== null && /^mod\+(shift\+)?[a-z]$/.test(key) && !commandFor(event);
      const toNotebook = forNotebook && !isText(event.target);
      root.toggleAttribute(SUPPRESS, !toNotebook);
      if (toNotebook) setTimeout(() => root.toggleAttribute(SUPPRESS, true));
    },
    { capture: true, signal },
  );

  root.addEventListener(
    "keydown",
    (event) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (event.key === " " && event.target === root) {
        take(event);
        events.space(true);
        return;
      }
      const found = commandFor(event);
      if (!found || (isText(event.target) && found.command.command !== "escape")) return;
      const idle = event.repeat && !found.command.repeats;
      if (idle || events.run(found.command, found.key)) take(event);
    },
    { signal },
  );
  root.addEventListener("keyup", (event) => event.key === " " && events.space(false), { signal });
  root.addEventListener("blur", () => events.space(false), { signal });
  return () => ended.abort();
}

/** Where letters are typed or at least selected: only Esc is ours there. */
function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement;
}

function take(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}
