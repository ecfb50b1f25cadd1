/** anywidget's side of the widget: everything else knows only a `Host`. */
import type { AnyModel, RenderProps } from "@anywidget/types";
import type { Heard, LabManager, LabModel } from "./lab";
import type { Host, Traits } from "./protocol";
import { mountSegmenter } from "./segmenter";
import "./widget.css";

function hostOf(model: AnyModel<Traits & Record<string, unknown>>): Host {
  const on = (name: string, act: (...args: never[]) => void): (() => void) => {
    model.on(name, act as () => void);
    return () => model.off(name, act as () => void);
  };
  const kernel = makeLabKernel(model.widget_manager as Partial<LabManager>);
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

/**
 * anywidget gives up a model whose module took longer than two seconds to load (a page that has large images to receive is
 * that slow), and never again passes on what the kernel says. Then it is heard without anywidget.
 */
async function hear(manager: Partial<LabManager> | undefined, id: string): Promise<void> {
  const model = (await manager?.get_model?.(id).catch(() => null)) as LabModel | null | undefined;
  try {
    await model?._handle_comm_msg?.({ content: { data: { method: "" } } });
  } catch {
    const { comm } = model!;
    const ofWidgets = Object.getPrototypeOf(Object.getPrototypeOf(model)) as LabModel;
    comm?.on_msg((message) => void ofWidgets._handle_comm_msg?.call(model, message));
    comm?.send({ method: "request_state" }); // what was said meanwhile is lost
  }
}

/** As in widgets/cancel.py. */
const CANCEL = "scribbleprompt_widget.cancel";
/** A widget's kernel that starts is another than the one that made it. */
const GONE = ["starting", "restarting", "autorestarting", "terminating", "dead"];

/** On JupyterLab's kernel, whose session was heard last: all widgets on a page share it, each with its own module. */
const HEARD = Symbol.for("scribbleprompt_widget.session");

/**
 * After a restart that is not JupyterLab's own it goes on sending to the old kernel's subshell, unless each comm is to have
 * one of its own. Listens for as long as the kernel is there: when its cell is run again, the old view is gone already.
 */
function renewSubshells(kernel: NonNullable<LabManager["kernel"]> & { [HEARD]?: string }): void {
  if (HEARD in kernel) return;
  kernel[HEARD] = undefined;
  kernel.anyMessage?.connect((_, { direction, msg }) => {
    const { session } = msg.header;
    // The server, when it speaks itself, does so by our own session.
    if (direction !== "recv" || session === kernel.clientId) return;
    const isAnother = kernel[HEARD] !== undefined && kernel[HEARD] !== session;
    if (isAnother && kernel.commsOverSubshells === "perCommTarget") kernel.commsOverSubshells = "perComm";
    kernel[HEARD] = session;
  });
}

/** What of its kernel anywidget leaves to JupyterLab. */
interface LabKernel {
  onGone(act: () => void): () => void;
  rouse(): void;
  /** Where comms have threads of their own, one can stop the other; else the kernel's only thread is interrupted. */
  cancel(key: string, requests: string[]): boolean;
}

/**
 * Notices that the kernel has become another process. A kernel says that it starts, which may be missed while
 * connections are made again; what it says later, or answers, carries another session.
 */
function makeLabKernel(manager: Partial<LabManager> | undefined): LabKernel {
  let known: string | undefined;
  return {
    onGone(act) {
      const onStatus = (_: unknown, status: string): void => {
        if (GONE.includes(status)) act();
      };
      // Answers too: while the server connects to a new kernel's broadcasts, nothing else may come.
      const onWord = (_: unknown, { direction, msg }: Heard): void => {
        const { session } = msg.header;
        if (direction !== "recv" || session === manager?.kernel?.clientId) return;
        if (known !== undefined && known !== session) act();
        known = session;
      };
      if (manager?.kernel) renewSubshells(manager.kernel);
      const { statusChanged, anyMessage } = manager?.kernel ?? {};
      statusChanged?.connect(onStatus);
      anyMessage?.connect(onWord);
      return () => {
        statusChanged?.disconnect(onStatus);
        anyMessage?.disconnect(onWord);
      };
    },
    rouse() {
      manager?.kernel?.requestKernelInfo?.().catch(() => {}); // closed meanwhile
    },
    cancel(key, requests) {
      const kernel = manager?.kernel;
      if (kernel?.supportsSubshells && kernel.commsOverSubshells !== "disabled" && kernel.createComm) {
        const comm = kernel.createComm(CANCEL);
        void Promise.resolve(comm.subshellStarted).then(() => comm.open({ key, requests }));
      } else if (kernel?.interrupt) {
        kernel.interrupt().catch(() => {}); // closed meanwhile
      } else return false;
      return true;
    },
  };
}

export default {
  render({ model, el }: RenderProps<Traits & Record<string, unknown>>): () => void {
    void hear(model.widget_manager as Partial<LabManager>, model.get("_key"));
    return mountSegmenter(el, hostOf(model));
  },
};
