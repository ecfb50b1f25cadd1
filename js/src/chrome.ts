/** All that is not the canvas: tools, panels, bar, facts, and where they are on the screen. */
import type { Clock } from "./clock";
import { focused, giveFocus, h, listen, setAttribute, setText } from "./dom";
import { makeFinishPanel } from "./finishpanel";
import { makeHistoryPanel } from "./historypanel";
import type { Action } from "./keys";
import { makeLabelBar } from "./labelbar";
import { makeLabelPanel, type LabelEvents } from "./labelpanel";
import { makeBar, makeCodePanel, makeHelp, makeMorePanel, type Trouble } from "./panels";
import type { Entry, Finish, LabelTrait, Steps } from "./protocol";
import type { Picture } from "./raster";
import type { KernelState } from "./requests";
import { isPositive, toolInHand, widestBrush, type Settings } from "./settings";
import { makeStatusLine } from "./status";
import { makeToolbar } from "./toolbar";
import { makeToolsPanel } from "./toolspanel";
import type { Size } from "./view";
import { makeViewPanel } from "./viewpanel";

export interface ChromeEvents {
  run(command: Action): void;
  set(change: Partial<Settings>): void;
  sign(positive: boolean): void;
  label(index: number): void;
  /** What is asked of the active label. */
  relabel: LabelEvents;
  finish(change: Partial<Finish>): void;
  unpaint(): void;
  go(step: number): void;
  /** The history is shown. */
  history(): void;
  /** Drags set window and level, or draw again. */
  window(): void;
  retry(): void;
  dismiss(): void;
  cancel(): void;
}

export interface ChromeState {
  settings: Settings;
  can: Record<"undo" | "redo" | "clear", boolean>;
  labels: LabelTrait[];
  active: number;
  entries: Entry[];
  image: Size;
  picture: Picture | null;
  /** Of an image pixel, in device pixels. */
  zoom: number;
  /** Drags set window and level. */
  windowing: boolean;
  area: number;
  spacing: [number, number] | null | undefined;
  prompts: number;
  latency: number | null;
  state: KernelState | "error";
  /** The wait is long enough to be told. */
  slow: boolean;
  cancellable: boolean;
  error: string | null;
  failed: number;
  model: string;
}

const KEPT = "Copy as Python keeps what was drawn";
const LOST: Partial<Record<ChromeState["state"], string>> = {
  lost:
    "No answer from the kernel. If another cell runs, what you drew waits for it. " +
    `If it was restarted, run this cell again; ${KEPT}.`,
  gone:
    `The kernel was restarted or has ended. To go on, run the cells again; ${KEPT}.`,
};

/** What lies over the picture: at most one is open. */
type Dialog = "tools" | "view" | "more" | "finish" | "label" | "history" | "help";

export interface Chrome {
  readonly root: HTMLElement;
  readonly historyShown: boolean;
  readonly codeShown: boolean;
  update(state: ChromeState): void;
  /** Let the person name the active label. */
  renameLabel(): void;
  showHistory(steps: Steps): void;
  showCode(code: string): Promise<void>;
  updateCode(code: string): void;
  /** Open what lies over the picture, or close it; null: whatever is open. */
  toggle(dialog: Dialog | null): void;
  /** Close what lies over the picture, and with `all` the code below it too. False when nothing was open. */
  closePanels(all?: boolean): boolean;
  /** Give the keys back to the notebook. */
  leave(): void;
  say(text: string): void;
  quiet(): void;
  announce(text: string): void;
  /** What is under the pointer. */
  read(text: string): void;
  /** Say in the picture's place why there is none. */
  showMissing(text: string): void;
  free(): void;
}

export function makeChrome(stage: HTMLElement, clock: Clock, events: ChromeEvents): Chrome {
  let open: Dialog | null = null;
  /** Where the focus was before it went into a panel. */
  let opener: HTMLElement | null = null;
  /** Whether the last thing done here was done by the keyboard. */
  let byKeys = false;
  let last: ChromeState | null = null;

  /** Close the menu and do what was chosen there. */
  const choose = (command: Action): void => {
    toggle(null);
    events.run(command);
  };
  const toolbar = makeToolbar({ run: events.run, sign: events.sign, toggle });
  const labelBar = makeLabelBar({ choose: events.label, add: events.relabel.add, edit: () => toggle("label") });
  const tools = makeToolsPanel(choose);
  const finish = makeFinishPanel(events);
  const label = makeLabelPanel(events.relabel, () => toggle(null));
  const history = makeHistoryPanel(events.go);
  const view = makeViewPanel(events);
  const more = makeMorePanel(choose, toggle);
  const help = makeHelp(() => toggle(null));
  const dialogs: Record<Dialog, HTMLElement> = {
    tools: tools.node,
    view: view.node,
    more: more.node,
    finish: finish.node,
    label: label.node,
    history: history.node,
    help,
  };
  const code = makeCodePanel(() => closePanels(true));
  const bar = makeBar();
  const status = makeStatusLine(clock, events.cancel);
  const missing = h(".sp-missing", { hidden: true });
  const root = h(
    ".sp-segmenter",
    { tabindex: 0, role: "application", label: "Segmenter: arrows and Enter draw, ? shows all keys", "data-jp-suppress-context-menu": "" },
    toolbar.node,
    labelBar.node,
    h(".sp-body", stage, missing, ...Object.values(dialogs)),
    bar.node,
    code.node,
    status.node,
    status.live,
  );
  listen(root, "keydown", () => (byKeys = true), { capture: true });
  listen(root, "pointerdown", () => (byKeys = false), { capture: true });
  // A clicked button gives the focus on, so that the keys keep working; one pressed by the keyboard keeps it.
  listen(root, "click", (event) => {
    const isPointer = event.detail > 0 && (event.target as Element).closest("button");
    if (isPointer && focused()?.closest("button")) giveFocus(root);
  });

  function update(state: ChromeState): void {
    last = state;
    const { settings, labels, active, entries } = state;
    const [entry, shown] = [entries[active]!, labels[active]!];
    setAttribute(root, "data-state", state.state);
    setAttribute(root, "data-tool", toolInHand(settings));
    setAttribute(root, "data-direct", settings.direct);
    setAttribute(root, "data-objects", entry.objects);
    setAttribute(root, "data-sign", isPositive(settings) ? "positive" : "negative");
    root.style.setProperty("--sp-label", shown.color);
    toolbar.update({ settings, can: state.can, open });
    labelBar.update({ labels, active, entries, hidden: settings.hiddenLabels });
    for (const [name, node] of Object.entries(dialogs)) node.hidden = open !== name;
    if (open === "tools") tools.update(settings);
    if (open === "view") view.update(settings, widestBrush(state.image), state.zoom, state.picture, state.windowing);
    if (open === "finish") finish.update(entry);
    if (open === "label") {
      const hidden = settings.hiddenLabels.includes(active);
      const { locked, removable } = entry;
      label.update({ label: shown, several: labels.length > 1, hidden, locked, removable });
    }
    more.update(state.model);
    bar.show(trouble(state));
    status.update({
      ...state,
      label: shown,
      objects: entry.objects,
      // A short wait is not worth a flicker.
      state: state.state === "thinking" && !state.slow ? "ready" : state.state,
    });
  }

  function toggle(dialog: Dialog | null): void {
    const next = open === dialog ? null : dialog;
    if (next === open) return;
    if (open) exit(dialogs[open]);
    open = next;
    if (last) update(last);
    if (next === "history") events.history();
    if (next) enter(dialogs[next]);
    // A name is what is typed there, by whoever opened it with the pointer too.
    if (next === "label") label.rename();
  }

  function closePanels(all = false): boolean {
    const closesCode = all && !code.node.hidden;
    const wasOpen = open !== null || closesCode;
    toggle(null);
    if (closesCode) {
      exit(code.node);
      code.node.hidden = true;
    }
    return wasOpen;
  }

  /** Whoever opened a panel by the keyboard goes on in it. */
  function enter(node: HTMLElement): void {
    const last = focused();
    if (!byKeys || !(last instanceof HTMLElement) || !root.contains(last)) return;
    opener = last;
    giveFocus(node.querySelector<HTMLElement>("input, button"));
  }

  /** A panel is about to close: what has the focus in it gives it back. */
  function exit(node: HTMLElement): void {
    if (node.contains(focused())) giveFocus(opener ?? root);
    opener = null;
  }

  function trouble({ state, error, failed }: ChromeState): Trouble | null {
    const lost = LOST[state];
    if (lost) return { kind: "lost", text: lost, actions: [["Copy as Python", () => events.run("copy")]] };
    if (error === null) return null;
    const actions: Trouble["actions"] = [["Dismiss", events.dismiss]];
    if (failed) actions.unshift([failed > 1 ? `Retry ${failed}` : "Retry", events.retry]);
    return { kind: "error", text: error, actions };
  }

  return {
    root,
    get historyShown() {
      return open === "history";
    },
    get codeShown() {
      return !code.node.hidden;
    },
    update,
    renameLabel() {
      if (open !== "label") toggle("label");
      label.rename();
    },
    showHistory(steps) {
      history.show(steps, last?.labels ?? []);
    },
    async showCode(text) {
      await code.show(text);
      enter(code.node);
    },
    updateCode: (text) => code.update(text),
    toggle,
    closePanels,
    leave() {
      const last = focused();
      if (last instanceof HTMLElement) last.blur();
      giveFocus(root.parentElement?.closest<HTMLElement>("[tabindex]"));
    },
    say: status.say,
    quiet: status.quiet,
    announce: status.announce,
    read: (text) => setText(status.readout, text),
    showMissing(text) {
      missing.hidden = !text;
      setText(missing, text);
    },
    free() {
      status.free();
      code.free();
      root.remove();
    },
  };
}
