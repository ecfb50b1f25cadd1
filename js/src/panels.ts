/** What opens now and then: the `more` menu, the help, the bar for troubles, and the prompts as Python. */
import { h, setText } from "./dom";
import { icon, type IconName } from "./icons";
import { COMMANDS, GESTURES, OTHER_KEYS } from "./keys";
import { min } from "./math";
import { menuItem } from "./toolspanel";

const COPIED_FOR = 1600;

export class MorePanel {
  readonly node: HTMLElement;
  private model = h("div", { class: "sp-model" });

  constructor(events: { commit(): void; open(panel: "finish" | "label" | "history"): void; copy(): void; help(): void }) {
    const item = (shape: IconName, text: string, act: () => void): HTMLButtonElement =>
      h("button", { type: "button", class: "sp-button sp-item", onclick: act }, icon(shape), text);
    const copy = item("copy", "Copy as Python", () => events.copy());
    copy.classList.add("sp-apart");
    this.node = h(
      "div",
      { class: "sp-popover sp-menu", role: "dialog", "aria-label": "More", hidden: true },
      menuItem("commit", "done", () => events.commit()),
      item("finish", "Finish the mask", () => events.open("finish")),
      item("tag", "Label", () => events.open("label")),
      item("history", "History", () => events.open("history")),
      copy,
      item("keys", "Keys and gestures", () => events.help()),
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
    "div",
    { class: "sp-help", role: "dialog", "aria-label": "Keys and gestures", hidden: true },
    h("div", { class: "sp-sections" }, ...groups, section("Pointer", GESTURES)),
    h("button", { type: "button", class: "sp-button sp-close", title: "Close (Esc)", "aria-label": "Close", onclick: close }, icon("close")),
  );
}

function section(title: string, entries: readonly { shown: string; name: string }[]): HTMLElement {
  const rows = entries.map(({ shown, name }) => h("div", { class: "sp-key" }, h("kbd", {}, shown), h("span", {}, name)));
  return h("section", { class: `sp-keys-${title.toLowerCase()}` }, h("h4", {}, title), ...rows);
}

export interface Trouble {
  kind: "error" | "lost";
  text: string;
  /** What can be done about it. */
  actions: [text: string, act: () => void][];
}

export class Bar {
  readonly node = h("div", { class: "sp-bar", role: "alert", hidden: true });
  private shown = "";

  show(trouble: Trouble | null): void {
    const key = trouble ? [trouble.kind, trouble.text, ...trouble.actions.map(([text]) => text)].join("\n") : "";
    if (key === this.shown) return;
    this.shown = key;
    this.node.hidden = !trouble;
    if (!trouble) return this.node.replaceChildren();
    this.node.dataset.kind = trouble.kind;
    const buttons = trouble.actions.map(([text, act]) => h("button", { type: "button", class: "sp-button", onclick: act }, text));
    this.node.replaceChildren(h("span", { class: "sp-trouble" }, trouble.text), h("span", { class: "sp-actions" }, ...buttons));
  }
}

export class CodePanel {
  readonly node: HTMLElement;
  private code = h("textarea", { class: "sp-python", readonly: true, spellcheck: "false", "aria-label": "The prompts as Python" });
  private note = h("span", { class: "sp-note" });
  private timer = 0;

  constructor(close: () => void) {
    this.node = h(
      "div",
      { class: "sp-code", role: "region", "aria-label": "Prompts as Python", hidden: true },
      h(
        "div",
        { class: "sp-codehead" },
        h("span", {}, "Prompts as Python"),
        this.note,
        h("span", { class: "sp-gap" }),
        h("button", { type: "button", class: "sp-button", onclick: () => void this.copy() }, icon("copy"), "Copy"),
        h("button", { type: "button", class: "sp-button", title: "Close (Esc)", "aria-label": "Close", onclick: close }, icon("close")),
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
    if (copied && focused instanceof HTMLElement) focused.focus({ preventScroll: true });
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
