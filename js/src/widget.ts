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
    // ipywidgets says so when the kernel is restarted; other hosts never do, and that is no harm.
    onLost: (act) => on("comm_live_update", act),
  };
}

export default {
  render({ model, el }: RenderProps<Traits & Record<string, unknown>>): () => void {
    return mountSegmenter(el, hostOf(model));
  },
};
