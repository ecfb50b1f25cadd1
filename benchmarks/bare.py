"""The least that any notebook widget can do: send the stroke, get a whole mask back as bits, put it on a canvas.

It has no prompts, no history, no versions, no second view and no zoom; it is the peer that the transport floor is
compared with. Its latency is taken like the Segmenter's: from pointer-up to the frame that shows the mask.
"""

from __future__ import annotations

import anywidget
import numpy as np
import traitlets

ESM = """
function render({ model, el }) {
  const side = model.get("side");
  const canvas = document.createElement("canvas");
  canvas.className = "bare-canvas";
  canvas.width = canvas.height = side;
  canvas.style.cssText = "width:600px;height:600px;touch-action:none";
  const context = canvas.getContext("2d");
  let points = [];
  let releasedAt = 0;
  let version = 0;
  canvas.addEventListener("pointermove", (event) => points.push([event.offsetX, event.offsetY]));
  canvas.addEventListener("pointerup", () => {
    releasedAt = performance.now();
    model.send({ points });
    points = [];
  });
  model.on("msg:custom", (_, [view]) => {
    const bits = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const image = context.createImageData(side, side);
    const out = new Uint32Array(image.data.buffer);
    for (let i = 0; i < out.length; i++) out[i] = (bits[i >> 3] >> (7 - (i & 7))) & 1 ? 0x80e9b456 : 0;
    requestAnimationFrame(() => {
      context.putImageData(image, 0, 0);
      canvas.dataset.latencyMs = performance.now() - releasedAt;
      canvas.dataset.version = ++version;
    });
  });
  el.append(canvas);
}
export default { render };
"""


class BareWidget(anywidget.AnyWidget):
    """Answers each stroke with the same mask, `side` x `side`."""

    _esm = ESM
    side = traitlets.Int().tag(sync=True)

    def __init__(self, side: int) -> None:
        super().__init__(side=side)
        mask = np.zeros((side, side), dtype=bool)
        mask[side // 4 : side // 2, side // 4 : side // 2] = True
        self.on_msg(lambda *_: self.send({}, buffers=[np.packbits(mask).tobytes()]))
