/** anywidget's side of the widget: everything else knows only a `Host`. */
import type { AnyModel, RenderProps } from "@anywidget/types";
import type { Heard, LabManager } from "./lab";
import type { Host, Traits } from "./protocol";
import { mountSegmenter } from "./segmenter";
import "./widget.css";

function hostOf(model: AnyModel<Traits & Record<string, unknown>>): Host {
  const on = (name: string, act: (...args: never[]) => void): (() => void) => {
    model.on(name, act as () => void);
    return () => model.off(name, act as () => void);
  };
  const kernel = new LabKernel(model.widget_manager as Partial<LabManager>);
  return {
    get: (name) => model.get(name),
    setLabel(name) {
      model.set("label", name);
      model.save_changes();
    },
    onChange: (name, act) => on(`change:${name}`, act),
    send: (message) => model.send(message),
    onMessage: (act) => on("msg:custom", (message, buffers) => act(message, buffers ?? [])),
    onLost(act) {
      // ipywidgets notices a restart from its own menu; JupyterLab's kernel tells of others. Elsewhere nobody does.
      const ends = [on("comm_live_update", act), kernel.onGone(act)];
      return () => ends.forEach((end) => end());
    },
    rouse: () => kernel.rouse(),
    // Elsewhere the host itself may have a way to interrupt its kernel.
    cancel: model.widget_manager && "kernel" in model.widget_manager ? (requests) => kernel.cancel(model.get("_key"), requests) : undefined,
  };
}

/** As in widgets/cancel.py. */
const CANCEL = "scribbleprompt_widget.cancel";
/** A widget's kernel that starts is another than the one that made it. */
const GONE = ["starting", "restarting", "autorestarting", "terminating", "dead"];

/**
 * Notices that the kernel has become another process. A kernel says that it starts, which may be missed while
 * connections are made again; what it says later, or answers, carries another session.
 */
class LabKernel {
  private session: string | undefined;
  private act: () => void = () => {};

  constructor(private manager: Partial<LabManager> | undefined) {}

  onGone(act: () => void): () => void {
    this.act = act;
    const { statusChanged, anyMessage } = this.manager?.kernel ?? {};
    statusChanged?.connect(this.onStatus);
    anyMessage?.connect(this.onWord);
    return () => {
      this.act = () => {};
      statusChanged?.disconnect(this.onStatus);
      anyMessage?.disconnect(this.onWord);
    };
  }

  rouse(): void {
    this.manager?.kernel?.requestKernelInfo?.().catch(() => {}); // closed meanwhile
  }

  /** Where comms have threads of their own, one can stop the other; else the kernel's only thread is interrupted. */
  cancel(key: string, requests: string[]): boolean {
    const kernel = this.manager?.kernel;
    if (kernel?.supportsSubshells && kernel.commsOverSubshells !== "disabled" && kernel.createComm) {
      const comm = kernel.createComm(CANCEL);
      void Promise.resolve(comm.subshellStarted).then(() => comm.open({ key, requests }));
    } else if (kernel?.interrupt) {
      kernel.interrupt().catch(() => {}); // closed meanwhile
    } else return false;
    return true;
  }

  private onStatus = (_: unknown, status: string): void => {
    if (GONE.includes(status)) this.act();
  };

  // Answers too: while the server connects to a new kernel's broadcasts, nothing else may come.
  private onWord = (_: unknown, { direction, msg }: Heard): void => {
    if (direction !== "recv") return;
    const { session } = msg.header;
    if (this.session !== undefined && this.session !== session) {
      // JupyterLab goes on sending to the old kernel's subshell, unless each comm is to have one of its own.
      const kernel = this.manager?.kernel;
      if (kernel?.commsOverSubshells === "perCommTarget") kernel.commsOverSubshells = "perComm";
      this.act();
    }
    this.session = session;
  };
}

export default {
  render({ model, el }: RenderProps<Traits & Record<string, unknown>>): () => void {
    return mountSegmenter(el, hostOf(model));
  },
};
