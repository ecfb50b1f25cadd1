/** What opens now and then: the `more` menu, the help, the bar for troubles, and the prompts as Python. */
import { giveFocus, h, makeButton, makePopover, setAttribute, setText } from "./dom";
import { icon } from "./icons";
import { COMMANDS, GESTURES, OTHER_KEYS } from "./keys";
import { min } from "./math";
import { menuItem } from "./toolspanel";

const COPIED_FOR = 1600;

export class MorePanel {
  readonly node: HTMLElement;
  private model = h(".sp-model");

  constructor(run: (command: "commit" | "copy") => void, open: (panel: "finish" | "label" | "history" | "help") => void) {
    const copy = menuItem("copy", "copy", () => run("copy"));
    copy.classList.add("sp-apart");
    this.node = makePopover(
      "More",
      ".sp-menu",
      menuItem("commit", "done", () => run("commit")),
      menuItem("finish", "finish", () => open("finish")),
      menuItem("labels", "tag", () => open("label")),
      menuItem("history", "history", () => open("history")),
      copy,
      makeButton(".sp-item", "", () => open("help"), icon("keys"), "Keys and gestures"),
      this.model,
    );
  }

  update(model: string): void {
    this.model.hidden = !model;
    setText(this.model, `Model: ${model}`);
  }
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

export class Bar {
  readonly node = h(".sp-bar", { role: "alert", hidden: true });
  private shown = "";

  show(trouble: Trouble | null): void {
    const key = trouble ? [trouble.kind, trouble.text, ...trouble.actions.map(([text]) => text)].join("\n") : "";
    if (key === this.shown) return;
    this.shown = key;
    this.node.hidden = !trouble;
    if (!trouble) return this.node.replaceChildren();
    this.node.dataset.kind = trouble.kind;
    const buttons = trouble.actions.map(([text, act]) => makeButton("", "", act, text));
    this.node.replaceChildren(h("span.sp-trouble", trouble.text), h("span.sp-actions", ...buttons));
  }
}

export class CodePanel {
  readonly node: HTMLElement;
  private code = h("textarea.sp-python", { readonly: true, spellcheck: "false", label: "The prompts as Python" });
  private note = h("span.sp-note");
  private timer = 0;

  constructor(close: () => void) {
    this.node = h(
      ".sp-code",
      { role: "region", label: "Prompts as Python", hidden: true },
      h(
        ".sp-codehead",
        h("span", "Prompts as Python"),
        this.note,
        h("span.sp-gap"),
        makeButton("", "", () => void this.copy(), icon("copy"), "Copy"),
        closeButton("", close),
      ),
      this.code,
    );
  }

  async show(code: string): Promise<void> {
    this.node.hidden = false;
    this.update(code);
    this.node.scrollIntoView?.({ block: "nearest" });
    await this.copy();
  }

  /** What was drawn changed; what is selected stays so where it did not. */
  update(code: string): void {
    if (this.code.value === code) return;
    this.code.value = code;
    this.code.rows = min(code.split("\n").length, 10);
  }

  free(): void {
    clearTimeout(this.timer);
  }

  private async copy(): Promise<void> {
    const copied = (await toClipboard(this.code.value)) || this.copySelected();
    this.note.textContent = copied ? "copied" : "select and copy";
    clearTimeout(this.timer);
    if (copied) this.timer = window.setTimeout(() => (this.note.textContent = ""), COPIED_FOR);
  }

  /** Where the page may not use the clipboard (plain http, some frames). */
  private copySelected(): boolean {
    const focused = document.activeElement;
    this.code.select();
    const copied = document.execCommand?.("copy") ?? false;
    if (copied) giveFocus(focused as HTMLElement | null);
    return copied;
  }
}

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
