/** anywidget's side of the widget: everything else knows only a `Host`. */
import type { AnyModel, RenderProps } from "@anywidget/types";
import type { Host, Traits } from "./protocol";
import { mountSegmenter } from "./segmenter";
import "./widget.css";

function hostOf(model: AnyModel<Traits & Record<string, unknown>>): Host {
  const on = (name: string, act: (...args: never[]) => void): (() => void) => {
    model.on(name, act as () => void);
    return () => model.off(name, act as () => void);
  };
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
      const ends = [on("comm_live_update", act), onKernelGone(model.widget_manager as Partial<LabManager>, act)];
      return () => ends.forEach((end) => end());
    },
  };
}

interface Signal<T> {
  connect(slot: (kernel: unknown, value: T) => void): void;
  disconnect(slot: (kernel: unknown, value: T) => void): void;
}
interface LabManager {
  kernel: {
    statusChanged?: Signal<string>;
    iopubMessage?: Signal<{ header: { session: string } }>;
    commsOverSubshells?: string;
  } | null;
}

/** A widget's kernel that starts is another than the one that made it. */
const GONE = ["starting", "restarting", "autorestarting", "terminating", "dead"];

/**
 * Call `act` when the kernel turns out to be another process. It says that it starts, which may be missed while the
 * connection is made again; what it says later carries another session.
 */
function onKernelGone(manager: Partial<LabManager> | undefined, act: () => void): () => void {
  let session: string | undefined;
  const onStatus = (_: unknown, status: string): void => {
    if (GONE.includes(status)) act();
  };
  const onWord = (_: unknown, { header }: { header: { session: string } }): void => {
    if (session !== undefined && session !== header.session) {
      // JupyterLab goes on sending to the old kernel's subshell, unless each comm is to have one of its own.
      const kernel = manager?.kernel;
      if (kernel?.commsOverSubshells === "perCommTarget") kernel.commsOverSubshells = "perComm";
      act();
    }
    session = header.session;
  };
  const { statusChanged, iopubMessage } = manager?.kernel ?? {};
  statusChanged?.connect(onStatus);
  iopubMessage?.connect(onWord);
  return () => {
    statusChanged?.disconnect(onStatus);
    iopubMessage?.disconnect(onWord);
  };
}

export default {
  render({ model, el }: RenderProps<Traits & Record<string, unknown>>): () => void {
    return mountSegmenter(el, hostOf(model));
  },
};
