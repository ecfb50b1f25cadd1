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
      // ipywidgets notices a restart from its own menu; JupyterLab's kernel says of others. Elsewhere nobody does.
      const ends = [on("comm_live_update", act), onKernelGone(model.widget_manager as Partial<LabManager>, act)];
      return () => ends.forEach((end) => end());
    },
  };
}

interface LabManager {
  kernel: { statusChanged?: { connect(slot: StatusSlot): void; disconnect(slot: StatusSlot): void } } | null;
}
type StatusSlot = (kernel: unknown, status: string) => void;

/** A widget's kernel that starts is another than the one that made it. */
const GONE = ["starting", "restarting", "autorestarting", "terminating", "dead"];

function onKernelGone(manager: Partial<LabManager> | undefined, act: () => void): () => void {
  const changes = manager?.kernel?.statusChanged;
  const slot: StatusSlot = (_, status) => {
    if (GONE.includes(status)) act();
  };
  changes?.connect(slot);
  return () => changes?.disconnect(slot);
}

export default {
  render({ model, el }: RenderProps<Traits & Record<string, unknown>>): () => void {
    return mountSegmenter(el, hostOf(model));
  },
};
