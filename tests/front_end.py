"""The canvas without a browser: what a view does with the kernel's messages."""

import json

import numpy as np

from scribbleprompt_widget.widgets.masks import LAYERS

MOST_LABELS = 5


class FrontEnd:
    """What a view does with messages: it keeps masks and prompts by version, and what it heard (docs/protocol.md)."""

    def __init__(self, widget):
        self.widget = widget
        self.version = widget.mask_version
        self.layers = np.zeros((1 + LAYERS, MOST_LABELS, *widget.image.shape), dtype=bool)
        self.masks = self.layers[0]
        self.prompts = [[] for _ in range(MOST_LABELS)]
        self.messages = []
        self.said = 0
        self.version_at_message = []
        widget.send = self.receive

    def receive(self, content, buffers=None):
        self.messages.append(content)
        self.version_at_message.append(self.widget.mask_version)
        if content["type"] == "update":
            if content["base"] is None:
                self.layers[:] = False
                self.prompts = [[] for _ in range(MOST_LABELS)]
                assert [(change["label"], change["kept"]) for change in content["prompts"]] == [
                    (label, 0) for label in range(len(self.widget.labels))
                ]
            else:
                assert content["base"] == self.version
            self.version = content["version"]
            self.apply(self.layers, content["planes"], buffers)
            for change in content["prompts"]:
                self.prompts[change["label"]][change["kept"] :] = json.loads(json.dumps(change["added"]))

    @staticmethod
    def apply(layers, planes, buffers):
        for plane, data in zip(planes, buffers, strict=True):
            x, y, width, height = (plane[name] for name in ("x", "y", "width", "height"))
            bits = np.unpackbits(np.frombuffer(data, np.uint8), count=width * height)
            layers[plane["layer"], plane["label"], y : y + height, x : x + width] = bits.reshape(height, width)

    def say(self, kind, **fields):
        count = len(self.messages)
        self.said += 1
        message = {"type": kind, "id": f"v-{self.said}", "image": self.widget._image["version"], **fields}
        self.widget._handle_custom_msg(message, [])
        return self.messages[count:]


def agree(w, view):
    """The canvas has the mask of the active label, and the objects that are done, the one that is looked at in hand."""
    assert np.array_equal(view.masks[w.labels.index(w.label)], w.mask)
    objects_agree(w, view)


def objects_agree(w, view):
    """The canvas shows the objects that are done; (H, W) bool, the one that is looked at, which is in hand there."""
    looked_at = np.zeros(w.image.shape, dtype=bool)
    for mask, entry in zip(view.masks, w._entries, strict=False):
        looked_at |= mask & entry["taken"]
    assert np.array_equal(view.layers[1:].any(axis=(0, 1)) | looked_at, w.instances > 0)
    assert sum(entry["objects"] for entry in w._entries) == len(w.instance_table)
    areas = np.bincount(w.instances.ravel(), minlength=1 + len(w.instance_table))[1:]
    assert areas.tolist() == [row["area"] for row in w.instance_table]
    return looked_at
