"""Answers to what the canvas sends (docs/protocol.md)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final

from scribbleprompt_widget.prompts import prompt_from_json
from scribbleprompt_widget.widgets.annotation import Label
from scribbleprompt_widget.widgets.cancel import CancelledError
from scribbleprompt_widget.widgets.labelling import relabel
from scribbleprompt_widget.widgets.messages import act_of, label_index
from scribbleprompt_widget.widgets.part import Part
from scribbleprompt_widget.widgets.state import probability_state, step_states

if TYPE_CHECKING:
    from scribbleprompt_widget.widgets.annotation import Annotation
    from scribbleprompt_widget.widgets.masks import Plane
    from scribbleprompt_widget.widgets.messages import Act

__all__ = ["Answering"]

log = logging.getLogger(__name__)

TELL_AFTER_S: Final = 0.3
"""Before the front end, hearing nothing for 0.8 s (js/src/requests.ts), takes the kernel for busy with another cell."""
STEPS: Final = (
    *("prompt", "reprompt", "undo", "redo", "go", "clear"),
    *("paint", "unpaint", "finish", "commit", "resume", "lock"),
)
"""Messages that ask for a step, or for one back."""
ON_AN_IMAGE: Final = ("preview", "probability", *STEPS)
"""Messages that mean the image on the canvas, and carry its version."""
CHANGES: Final = (*STEPS, "labels", "unlabel")
"""Messages that ask for anything to be another."""


class Answering(Part):
    """What answers the canvas's messages."""

    def _on_message(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        """Answer what came. May run on another thread than cells do; exceptions and prints would show nowhere."""
        self._order.came(content)

    def _handle(self, content: Mapping[str, Any], late: bool) -> None:
        request = content.get("id")
        try:
            try:
                with self._lock, self._cancellation.request(request):
                    kind = str(content.get("type"))
                    if self._is_for_this_image(content):
                        if late and kind in CHANGES:
                            raise ValueError(f"{kind} came after what was done later, and changed nothing")
                        self._answer(kind, content, request)
            finally:  # what was done before something failed is told
                self._tell_observers()
        except CancelledError:
            self.send({"type": "cancelled", "id": request})
        except (Exception, KeyboardInterrupt) as error:  # whatever it is, the person at the canvas has to see it
            log.debug("message %r failed", content.get("type"), exc_info=True)
            if self.last_error is not error:  # not told yet: a message that makes no sense
                self._tell_error(error, request)

    def _missed(self, request: str) -> None:
        """Answer what never came, or what an interrupt kept from being handled, as far as anybody waits for it."""
        self.send({"type": "error", "id": request, "text": "what was asked for did not reach the kernel: try again"})

    def _is_for_this_image(self, content: Mapping[str, Any]) -> bool:
        """Whether a message was meant for the image that is here; what waited behind `set_image` was not.

        The person is told what was lost by it; of a preview there is nothing to tell.
        """
        kind = content.get("type")
        if kind not in ON_AN_IMAGE or content.get("image") == self._image["version"]:
            return True
        if kind not in ("preview", "probability"):
            # The front end forgot its requests with the image: no id would find anybody.
            self._tell_error(ValueError(f"{kind} was meant for the image before this one, and changed nothing"), None)
        return False

    def _answer(self, kind: str, content: Mapping[str, Any], request: str | None) -> None:
        act = act_of(content)
        if content.get("version") not in (None, self._version):
            raise ValueError(f"{kind} was meant for an earlier state, and changed nothing")
        if act is not None and kind in ("resume", "undo", "redo", "go"):
            act = self._following(act)
        if act is not None:
            self._change(self._telling_if_slow(act, request), request)
        elif kind == "preview":
            label = label_index(content, self._annotation)
            prompt = prompt_from_json(content["prompt"])
            planes = self._telling_if_slow(lambda annotation: annotation.preview(label, prompt), request)(
                self._annotation
            )
            self._send_planes("preview", request, planes or [], base=self._version, seconds=self._annotation.seconds)
        elif kind == "probability":
            self._send_probability(request, label_index(content, self._annotation))
        elif kind == "labels":
            labels = [Label(item["name"], item["color"], item["rank"]) for item in content["labels"]]
            self._change(lambda annotation: relabel(annotation, labels), request)
        elif kind == "unlabel":
            label = label_index(content, self._annotation)
            self._change(lambda annotation: annotation.remove(label), request)
        elif kind == "steps":
            history = self._annotation.history
            self.send({"type": "steps", "id": request, "current": history.cursor, "steps": step_states(history)})
        elif kind == "whole":
            prompts = self._told.changes(self._annotation, whole=True)
            whole = self._whole_planes()
            self._send_planes("update", request, whole, version=self._version, base=None, prompts=prompts, seconds=0.0)
        elif kind == "settle":
            self.send_state("_mask")
            self._static.refresh()
        else:
            raise ValueError(f"unknown message type {kind!r}")

    def _telling_if_slow(self, act: Act, request: str | None) -> Act:
        """The same, of which the front end hears that it was begun, where it takes its time; not once it is over.

        Told at once, it would delay the quick answers, which are most.
        """
        sending, over = threading.Lock(), threading.Event()

        def tell() -> None:
            with sending:
                if not over.is_set():
                    self.send({"type": "started", "id": request})

        def telling(annotation: Annotation) -> list[Plane] | None:
            # In the context of the request: ipykernel (7.4) would take it for a message of a cell that began meanwhile,
            # and have the canvas's next ones wait behind that cell.
            timer = threading.Timer(TELL_AFTER_S, copy_context().run, [tell])
            timer.start()
            try:
                return act(annotation)
            finally:
                timer.cancel()
                with sending:
                    over.set()

        return telling

    def _send_planes(self, kind: str, request: str | None, planes: list[Plane], **fields: Any) -> None:
        message = {
            "type": kind,
            "id": request,
            "planes": [plane.header() for plane in planes],
            **fields,
        }
        self.send(message, buffers=[plane.bits for plane in planes])

    def _send_probability(self, request: str | None, label: int) -> None:
        place, shown = probability_state(self._annotation.prediction(label))
        self.send(
            {"type": "probability", "id": request, "version": self._version, "label": label, **place}, buffers=[shown]
        )
