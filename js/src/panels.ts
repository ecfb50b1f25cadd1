/** What opens now and then: the `more` menu, the help, the bar for troubles, and the prompts as Python. */
import { focused, giveFocus, h, makeButton, makePopover, setAttribute, setText } from "./dom";
import { icon } from "./icons";
import { COMMANDS, GESTURES, OTHER_KEYS } from "./keys";
import { min } from "./math";
import { menuItem } from "./toolspanel";

const COPIED_FOR = 1600;

/** `run` does what was chosen, `open` shows another panel. */
export function makeMorePanel(
  run: (command: "commit" | "copy") => void,
  open: (panel: "finish" | "label" | "history" | "help") => void,
): { node: HTMLElement; update(model: string): void } {
  const shown = h(".sp-model");
  const copy = menuItem("copy", "copy", () => run("copy"));
  copy.classList.add("sp-apart");
  return {
    node: makePopover(
      "More",
      ".sp-menu",
      menuItem("commit", "done", () => run("commit")),
      menuItem("finish", "finish", () => open("finish")),
      menuItem("labels", "tag", () => open("label")),
      menuItem("history", "history", () => open("history")),
      copy,
      makeButton(".sp-item", "", () => open("help"), icon("keys"), "Keys and gestures"),
      shown,
    ),
    update(model) {
      shown.hidden = !model;
      setText(shown, `Model: ${model}`);
    },
  };
}

/** Made from the table of keys, so that it cannot say anything else. */
export function makeHelp(close: () => void): HTMLElement {
  const groups = [...new Set(COMMANDS.map((entry) => entry.group))].map((group) => {
    const entries = [...COMMANDS, OTHER_KEYS].filter((entry) => entry.group === group);
    return section(group, entries);
  });
  return h(
    ".sp-help",
    { role: "dialog", label: "Keys and gestures", hidden: true },
    h(".sp-sections", ...groups, section("Pointer", GESTURES)),
    closeButton(".sp-close", close),
  );
}

function closeButton(style: string, close: () => void): HTMLElement {
  const button = makeButton(style, "Close (Esc)", close, icon("close"));
  setAttribute(button, "aria-label", "Close");
  return button;
}

function section(title: string, entries: readonly { shown: string; name: string }[]): HTMLElement {
  const rows = entries.map(({ shown, name }) => h(".sp-key", h("kbd", shown), h("span", name)));
  return h(`section.sp-keys-${title.toLowerCase()}`, h("h4", title), ...rows);
}

export interface Trouble {
  kind: "error" | "lost";
  text: string;
  /** What can be done about it. */
  actions: [text: string, act: () => void][];
}

export function makeBar(): { node: HTMLElement; show(trouble: Trouble | null): void } {
  const node = h(".sp-bar", { role: "alert", hidden: true });
  let shown = "";
  return {
    node,
    show(trouble) {
      const key = trouble ? [trouble.kind, trouble.text, ...trouble.actions.map(([text]) => text)].join("\n") : "";
      if (key === shown) return;
      shown = key;
      node.hidden = !trouble;
      if (!trouble) return node.replaceChildren();
      node.dataset.kind = trouble.kind;
      const buttons = trouble.actions.map(([text, act]) => makeButton("", "", act, text));
      node.replaceChildren(h("span.sp-trouble", trouble.text), h("span.sp-actions", ...buttons));
    },
  };
}

export interface CodePanel {
  readonly node: HTMLElement;
  show(code: string): Promise<void>;
  /** What was drawn changed; what is selected stays so where it did not. */
  update(code: string): void;
  free(): void;
}

export function makeCodePanel(close: () => void): CodePanel {
  const code = h("textarea.sp-python", { readonly: true, spellcheck: "false", label: "The prompts as Python" });
  const note = h("span.sp-note");
  let timer = 0;

  async function copy(): Promise<void> {
    const copied = (await toClipboard(code.value)) || copySelected();
    note.textContent = copied ? "copied" : "select and copy";
    clearTimeout(timer);
    if (copied) timer = window.setTimeout(() => (note.textContent = ""), COPIED_FOR);
  }

  /** Where the page may not use the clipboard (plain http, some frames). */
  function copySelected(): boolean {
    const last = focused();
    code.select();
    const copied = document.execCommand?.("copy") ?? false;
    if (copied) giveFocus(last as HTMLElement | null);
    return copied;
  }

  function update(text: string): void {
    if (code.value === text) return;
    code.value = text;
    code.rows = min(text.split("\n").length, 10);
  }

  const node = h(
    ".sp-code",
    { role: "region", label: "Prompts as Python", hidden: true },
    h(
      ".sp-codehead",
      h("span", "Prompts as Python"),
      note,
      h("span.sp-gap"),
      makeButton("", "", copy, icon("copy"), "Copy"),
      closeButton("", close),
    ),
    code,
  );

  return {
    node,
    async show(text) {
      node.hidden = false;
      update(text);
      node.scrollIntoView?.({ block: "nearest" });
      await copy();
    },
    update,
    free: () => clearTimeout(timer),
  };
}

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
