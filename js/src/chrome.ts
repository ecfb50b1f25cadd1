/** All that is not the canvas: tools, panels, bar, facts, and where they are on the screen. */
import type { Clock } from "./clock";
import { giveFocus, h, listen, setAttribute, setText } from "./dom";
import { makeFinishPanel } from "./finishpanel";
import { makeHistoryPanel } from "./historypanel";
import type { CommandName } from "./keys";
import { makeLabelBar } from "./labelbar";
import { makeLabelPanel, type LabelEvents } from "./labelpanel";
import { Bar, CodePanel, makeHelp, MorePanel, type Trouble } from "./panels";
import type { Entry, Finish, LabelTrait, Steps } from "./protocol";
import type { Picture } from "./raster";
import type { KernelState } from "./requests";
import { isPositive, toolInHand, widestBrush, type Settings } from "./settings";
import { StatusLine } from "./status";
import { Toolbar } from "./toolbar";
import { makeToolsPanel } from "./toolspanel";
import type { Size } from "./view";
import { ViewPanel } from "./viewpanel";

export interface ChromeEvents {
  run(command: CommandName): void;
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
  copy(): void;
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

const LOST: Partial<Record<ChromeState["state"], string>> = {
  lost:
    "No answer from the kernel. If it was restarted, run this cell again; Copy as Python keeps what you drew. " +
    "If another cell is running, what you drew waits for it. If nothing helps, restart the kernel from this page's menu.",
  gone:
    "The kernel was restarted or has ended, and this canvas with it. To go on, run the cells again; " +
    "Copy as Python keeps what you drew.",
};

/** Popovers: at most one is open. */
const PANELS = ["tools", "view", "more", "finish", "label", "history"] as const;
type PanelName = (typeof PANELS)[number];
type Dialog = PanelName | "help";

export class Chrome {
  readonly root: HTMLElement;
  private toolbar: Toolbar;
  private labelBar: ReturnType<typeof makeLabelBar>;
  private tools: ReturnType<typeof makeToolsPanel>;
  private finish: ReturnType<typeof makeFinishPanel>;
  private label: ReturnType<typeof makeLabelPanel>;
  private history: ReturnType<typeof makeHistoryPanel>;
  private view: ViewPanel;
  private more: MorePanel;
  private help: HTMLElement;
  private code: CodePanel;
  private bar = new Bar();
  private status: StatusLine;
  private missing = h(".sp-missing", { hidden: true });
  private open: Dialog | null = null;
  /** Where the focus was before it went into a panel. */
  private opener: HTMLElement | null = null;
  /** Whether the last thing done here was done by the keyboard. */
  private byKeys = false;
  private last: ChromeState | null = null;
  private panels: Record<PanelName, { node: HTMLElement }>;

  constructor(
    stage: HTMLElement,
    clock: Clock,
    private events: ChromeEvents,
  ) {
    this.toolbar = new Toolbar({
      run: events.run,
      sign: events.sign,
      toggle: (panel) => this.toggle(panel),
    });
    this.labelBar = makeLabelBar({ choose: events.label, add: events.relabel.add, edit: () => this.toggle("label") });
    this.tools = makeToolsPanel((command) => {
      this.toggle(null);
      events.run(command);
    });
    this.finish = makeFinishPanel(events);
    this.label = makeLabelPanel(events.relabel);
    this.history = makeHistoryPanel(events.go);
    this.view = new ViewPanel({
      set: events.set,
      fit: () => events.run("fit"),
      actual: () => events.run("actual"),
      window: events.window,
    });
    this.more = new MorePanel({
      commit: () => {
        this.toggle(null);
        events.run("commit");
      },
      open: (panel) => this.toggle(panel),
      copy: () => {
        this.toggle(null);
        events.copy();
      },
      help: () => this.toggle("help"),
    });
    const { tools, view, more, finish, label, history } = this;
    this.panels = { tools, view, more, finish, label, history };
    this.help = makeHelp(() => this.toggle(null));
    this.code = new CodePanel(() => this.closePanels(true));
    this.status = new StatusLine(clock, () => this.events.cancel());
    this.root = h(
      ".sp-segmenter",
      { tabindex: 0, role: "application", label: "Segmenter: arrows and Enter draw, ? shows all keys", "data-jp-suppress-context-menu": "" },
      this.toolbar.node,
      this.labelBar.node,
      h(".sp-body", stage, this.missing, ...PANELS.map((name) => this.panels[name].node), this.help),
      this.bar.node,
      this.code.node,
      this.status.node,
      this.status.live,
    );
    listen(this.root, "keydown", () => (this.byKeys = true), { capture: true });
    listen(this.root, "pointerdown", () => (this.byKeys = false), { capture: true });
    // A clicked button gives the focus on, so that the keys keep working; one pressed by the keyboard keeps it.
    listen(this.root, "click", (event) => {
      const isPointer = event.detail > 0 && (event.target as Element).closest("button");
      if (isPointer && document.activeElement?.closest("button")) giveFocus(this.root);
    });
  }

  update(state: ChromeState): void {
    this.last = state;
    const { settings, labels, active, entries } = state;
    setAttribute(this.root, "data-state", state.state);
    setAttribute(this.root, "data-tool", toolInHand(settings));
    setAttribute(this.root, "data-direct", settings.direct);
    setAttribute(this.root, "data-objects", entries[active]!.objects);
    setAttribute(this.root, "data-sign", isPositive(settings) ? "positive" : "negative");
    this.root.style.setProperty("--sp-label", labels[active]!.color);
    this.toolbar.update({
      settings,
      canUndo: state.can.undo,
      canRedo: state.can.redo,
      canClear: state.can.clear,
      open: this.open,
    });
    this.labelBar.update({ labels, active, entries, hidden: settings.hiddenLabels });
    for (const name of PANELS) this.panels[name].node.hidden = this.open !== name;
    if (this.open === "tools") this.tools.update(settings);
    if (this.open === "view") {
      this.view.update(settings, widestBrush(state.image), state.zoom, state.picture, state.windowing);
    }
    if (this.open === "finish") this.finish.update(entries[active]!);
    if (this.open === "label") {
      const hidden = settings.hiddenLabels.includes(active);
      this.label.update({ label: labels[active]!, several: labels.length > 1, hidden, locked: entries[active]!.locked });
    }
    this.help.hidden = this.open !== "help";
    this.more.update(state.model);
    this.bar.show(this.trouble(state));
    this.status.update({
      ...state,
      label: labels[active]!,
      objects: entries[active]!.objects,
      // A short wait is not worth a flicker.
      state: state.state === "thinking" && !state.slow ? "ready" : state.state,
    });
  }

  /** Let the person name the active label. */
  renameLabel(): void {
    if (this.open !== "label") this.toggle("label");
    this.label.rename();
  }

  get historyShown(): boolean {
    return this.open === "history";
  }

  showHistory(steps: Steps): void {
    this.history.show(steps, this.last?.labels ?? []);
  }

  async showCode(code: string): Promise<void> {
    await this.code.show(code);
    this.enter(this.code.node);
  }

  get codeShown(): boolean {
    return !this.code.node.hidden;
  }

  updateCode(code: string): void {
    this.code.update(code);
  }

  /** Close what lies over the picture, and with `all` the code below it too. False when nothing was open. */
  closePanels(all = false): boolean {
    const wasOpen = this.open !== null || (all && this.codeShown);
    this.toggle(null);
    if (all && this.codeShown) {
      this.exit(this.code.node);
      this.code.node.hidden = true;
    }
    return wasOpen;
  }

  /** Give the keys back to the notebook. */
  leave(): void {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    giveFocus(this.root.parentElement?.closest<HTMLElement>("[tabindex]"));
  }

  say(text: string): void {
    this.status.say(text);
  }

  quiet(): void {
    this.status.quiet();
  }

  announce(text: string): void {
    this.status.announce(text);
  }

  /** What is under the pointer. */
  read(text: string): void {
    setText(this.status.readout, text);
  }

  /** Say in the picture's place why there is none. */
  showMissing(text: string): void {
    this.missing.hidden = !text;
    setText(this.missing, text);
  }

  free(): void {
    this.status.free();
    this.code.free();
    this.root.remove();
  }

  /** Open what lies over the picture, or close it; null: whatever is open. */
  toggle(dialog: Dialog | null): void {
    const next = this.open === dialog ? null : dialog;
    if (next === this.open) return;
    if (this.open) this.exit(this.nodeOf(this.open));
    this.open = next;
    if (this.last) this.update(this.last);
    if (next === "history") this.events.history();
    if (next) this.enter(this.nodeOf(next));
  }

  private nodeOf(dialog: Dialog): HTMLElement {
    return dialog === "help" ? this.help : this.panels[dialog].node;
  }

  /** Whoever opened a panel by the keyboard goes on in it. */
  private enter(node: HTMLElement): void {
    const focused = document.activeElement;
    if (!this.byKeys || !(focused instanceof HTMLElement) || !this.root.contains(focused)) return;
    this.opener = focused;
    giveFocus(node.querySelector<HTMLElement>("input, button"));
  }

  /** A panel is about to close: what has the focus in it gives it back. */
  private exit(node: HTMLElement): void {
    if (node.contains(document.activeElement)) giveFocus(this.opener ?? this.root);
    this.opener = null;
  }

  private trouble({ state, error, failed }: ChromeState): Trouble | null {
    const lost = LOST[state];
    if (lost) return { kind: "lost", text: lost, actions: [["Copy as Python", this.events.copy]] };
    if (error === null) return null;
    const actions: Trouble["actions"] = [["Dismiss", this.events.dismiss]];
    if (failed) actions.unshift([failed > 1 ? `Retry ${failed}` : "Retry", this.events.retry]);
    return { kind: "error", text: error, actions };
  }
}
