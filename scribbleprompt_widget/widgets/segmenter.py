"""Segmenter: the canvas in a notebook cell. Draw on the image; the mask is a NumPy array in the next cell."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets
from IPython.display import publish_display_data

from scribbleprompt_widget.image import Image
from scribbleprompt_widget.predictors.base import Predictor
from scribbleprompt_widget.predictors.registry import load_predictor
from scribbleprompt_widget.widgets.annotation import Annotation
from scribbleprompt_widget.widgets.answering import Answering
from scribbleprompt_widget.widgets.cancel import Cancellation, CancelledError, listen
from scribbleprompt_widget.widgets.drawing import Drawing
from scribbleprompt_widget.widgets.keeping import Keeping
from scribbleprompt_widget.widgets.labelling import Labelling, labels_of
from scribbleprompt_widget.widgets.masks import Plane, compressed
from scribbleprompt_widget.widgets.messages import Act
from scribbleprompt_widget.widgets.order import Order
from scribbleprompt_widget.widgets.results import Results
from scribbleprompt_widget.widgets.session_file import Saved, read_session
from scribbleprompt_widget.widgets.state import ToldPrompts, image_state, small_traits
from scribbleprompt_widget.widgets.static_picture import StaticPicture

__all__ = ["Segmenter", "load_session"]

STATIC_FILES: Final = Path(__file__).parent.parent / "static"
LABELS: Final = ("object",)
"""Unless somebody says what is to be segmented."""
YIELD_S: Final = 0.0005
"""The kernel writes to its socket in a thread of its own, which gets Python's lock within this time; the work that is
left would keep it waiting, up to a frame (`benchmarks.latency`: a quarter to a half of the transport floor)."""


class Segmenter(Results, Drawing, Labelling, Keeping, Answering, anywidget.AnyWidget):
    """Segment an image by scribbles, clicks and boxes, in a notebook cell or from Python.

    Parameters
    ----------
    image
        An array (H, W), (H, W, 3), (H, W, 4) or (1, H, W) of bool, integers or floats; a PIL image; a torch tensor; or
        a path to PNG, JPEG, TIFF, DICOM, NIfTI, NRRD or MHA. See `Image.of`.
    labels
        Names of what is to be segmented; one mask each. Where masks overlap in `label_map`, the later label holds
        (see `order_labels`).
    model
        A name that `load_predictor` takes, the path of a checkpoint, or a `Predictor`.
    slice_index, axis
        Which slice of a volume, and along which axis (0 unless given).
    spacing
        Millimetres per pixel: one number, or (row, column). Files bring their own.
    session
        A file in which the work is kept: written a moment after each change (with much work in it, up to half a minute
        after), by `close` and when Python ends; when it is killed, what was not written is lost. Where the file is
        there already, labelling goes on where it stopped, with the labels that it had, and with `model`: a cell can be
        run again after the kernel died. See `save_session`.

    Attributes
    ----------
    label
        Name of the active label: what is drawn next belongs to it, and `mask`, `prompts` and `area` speak of it.
    mask_version
        Counts new masks. ``w.observe(handler, names="mask_version")`` calls the handler once for each; read ``w.mask``.
    last_error
        The last exception of a predictor, of a prompt drawn on the canvas or of keeping the session; None after the
        next success.

    Raises
    ------
    TypeError, ValueError, FileNotFoundError
        When an argument is not what it takes; for `session`, when the file is none, or of another image.

    Examples
    --------
    >>> import numpy as np
    >>> import scribbleprompt_widget as sp
    >>> image = np.zeros((64, 64))
    >>> image[20:40, 20:40] = 1
    >>> w = sp.Segmenter(image)
    >>> w.add_click(30, 30)
    >>> bool(w.mask[30, 30])
    True
    """

    # As text: anywidget watches a path for as long as Python runs, and keeps the widget alive with it.
    _esm = (STATIC_FILES / "widget.js").read_text(encoding="utf-8")
    _css = (STATIC_FILES / "widget.css").read_text(encoding="utf-8")

    # Binary traits are not echoed: the front end would be sent again what it just got.
    _image = traitlets.Dict().tag(sync=True, echo_update=False)
    # Built when somebody asks (a view opens, the person pauses), never on the way of a stroke.
    _mask = traitlets.Any().tag(sync=True, echo_update=False, to_json=lambda _, widget: widget._whole_mask())
    _prompts = traitlets.Any().tag(sync=True, to_json=lambda _, widget: widget._all_prompts())
    _labels: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    _entries: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    _can = traitlets.Dict().tag(sync=True)
    _model = traitlets.Unicode().tag(sync=True)
    _key = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    mask_version = traitlets.Int(0).tag(sync=True)

    last_error: BaseException | None = None

    def __init__(
        self,
        image: Any,
        labels: Sequence[str] = LABELS,
        model: str | Path | Predictor = "default",
        *,
        slice_index: int | None = None,
        axis: int | None = None,
        spacing: float | tuple[float, float] | None = None,
        session: str | Path | None = None,
    ) -> None:
        named = labels_of(labels)
        opened = Image.of(image, slice_index=slice_index, axis=axis, spacing=spacing)
        self._lock = threading.RLock()
        self._telling = threading.Lock()
        self._order = Order(self._handle, self._missed)
        self._version = 0
        self._index = 0  # of the active label
        self._cancellation = Cancellation()
        self._annotation = self._annotate(opened, named, _predictor(model))
        self._told = ToldPrompts()
        key = uuid.uuid4().hex
        super().__init__(
            model_id=key,
            _image=image_state(opened, 0),
            _key=key,
            label=named[0].name,
            **small_traits(self._annotation),
        )
        self._static = StaticPicture(self._key, self._drawn_over, "Image with its segmentation mask")
        self.on_msg(self._on_message)
        listen(self._key, self._cancellation)
        if session is not None:
            try:
                self._keep(session, [] if labels is LABELS else [label.name for label in named])
            except BaseException:
                self.close()
                raise

    def __repr__(self) -> str:
        if getattr(self, "comm", None) is None:
            return "Segmenter(closed)"
        drawn = f"{len(self.prompts)} prompts for {self.label!r}"
        return f"Segmenter(image {self.image.shape}, labels={self.labels}, model={self.model!r}, {drawn})"

    def set_image(
        self,
        image: Any,
        *,
        slice_index: int | None = None,
        axis: int | None = None,
        spacing: float | tuple[float, float] | None = None,
    ) -> None:
        """Show another image; prompts, masks and history begin anew. Parameters as for `Segmenter`.

        A `session` keeps the image before, and is written no more.

        Raises
        ------
        TypeError, ValueError, FileNotFoundError, RuntimeError
            When an argument is not what it takes, or the widget is closed.
        OSError, ValueError
            When what the `session` lacks cannot be written there. Then the image before is still here, with all that
            was done on it: `save_session` keeps it elsewhere.
        """
        opened = Image.of(image, slice_index=slice_index, axis=axis, spacing=spacing)
        with self._lock:
            self._check_open()
            annotation = self._annotate(opened, self._annotation.labels, self._annotation.predictor)
            if self._keeper is not None:
                self._keeper.stop()
                self._keeper = None
            self._annotation = annotation
            self.last_error = None
            self._version += 1
            self._image = image_state(opened, self._version)
            self._publish([], base=None)
        self._tell_observers()

    def _go_on(self, saved: Saved) -> None:
        with self._lock:
            self._annotation = self._annotate(self.image, saved.labels, self._annotation.predictor, saved.history)
            self._version += 1
            self._publish(self._whole_planes(), base=None)
        self._tell_observers()
        self.label = saved.active

    @property
    def model(self) -> str:
        """Name of the predictor. Setting it (a name, a path, a `Predictor`) predicts what was drawn again.

        What is locked stays as it is. Undo restores what the earlier predictor had said, and goes on with this one.
        """
        return self._annotation.predictor.name

    @model.setter
    def model(self, model: str | Path | Predictor) -> None:
        used = self._annotation.predictor
        predictor = used if model == used.name else _predictor(model)
        self._do(lambda annotation: annotation.use(predictor))

    def close(self) -> None:
        """Close the widget and free what it held."""
        static: StaticPicture | None = getattr(self, "_static", None)
        if static is not None:  # it is None when a bad argument ended the construction; Python closes such widgets too
            static.forget()
            self.layout.close()  # a model of its own
        with getattr(self, "_lock", nullcontext()):  # whatever is being predicted is done, and kept
            super().close()
            if self._keeper is not None:
                self._keeper.end()
                self._keeper = None

    # --- one place where things change -------------------------------------------------------------------------------

    @property
    def _active(self) -> int:
        return min(self._index, len(self._annotation.labels) - 1)

    def _annotate(self, *of: Any) -> Annotation:
        return Annotation(*of, predicting=self._cancellation.predicting)

    def _do(self, act: Act) -> None:
        """Change the annotation from Python."""
        try:
            with self._lock:
                self._change(act)
        finally:  # what was done before something failed is told
            self._tell_observers()

    def _check_open(self) -> None:
        if self.comm is None:
            raise RuntimeError("this Segmenter is closed: it can be read, but not changed")

    def _change(self, act: Act, request: str | None = None) -> None:
        """Change the annotation, and tell the front end; `request` is the id of its message.

        `_tell_observers` has to follow, when the lock is free.
        """
        self._check_open()
        self._annotation.seconds = 0.0
        try:
            planes = act(self._annotation)
        except CancelledError:
            raise
        except (Exception, KeyboardInterrupt) as error:
            self._tell_error(error, request)
            raise
        self.last_error = None
        base = self._version
        self._version += planes is not None
        try:
            self._publish(planes or [], base=base, request=request)
        except (Exception, KeyboardInterrupt) as error:
            # It is done, and who hears of an error alone would do it again.
            self._publish(self._whole_planes(), base=None, request=request)
            self._tell_error(error, None)
            raise

    def _following(self, act: Act) -> Act:
        """The same change, after which the label of an object that it brought into hand is the active one."""

        def following(annotation: Annotation) -> list[Plane] | None:
            history, before = annotation.history, annotation.history.cursor
            planes = act(annotation)
            is_back = history.cursor < before
            passed = history.steps[history.cursor + is_back]  # what was undone, or done
            if annotation.looked_at is not None and passed.action == "resume":
                self._index = annotation.looked_at.label
            elif is_back and passed.action == "commit":
                self._index = passed.label
            return planes

        return following

    def _publish(self, planes: list[Plane], *, base: int | None, request: str | None = None) -> None:
        small = small_traits(self._annotation)
        # What names, ticks and sliders show, and whether keys undo and redo, before they hear that what they asked is
        # answered: they would jump back, and the keys do nothing. What has not changed is not sent: with most strokes,
        # none. Not in one message: `hold_sync` would hold what other threads set as well.
        for trait in ("_labels", "_entries", "_can"):
            setattr(self, trait, small.pop(trait))
        # Then the mask: it is what the person waits for, and a millisecond can cost a frame.
        prompts = self._told.changes(self._annotation, whole=base is None)
        told = {"version": self._version, "base": base, "prompts": prompts, "seconds": self._annotation.seconds}
        self._send_planes("update", request, planes, **told)
        if request is not None:
            time.sleep(YIELD_S)
        for trait, value in small.items():
            setattr(self, trait, value)
        self._static.stale = True
        if self._keeper is not None:
            self._keeper.changed(self._saved())

    def _tell_observers(self) -> None:
        """Set `mask_version` to each new version in turn. Not under the lock: an observer may wait for other threads.

        What is drawn meanwhile, by an observer or elsewhere, is told of by the thread that is at it already.
        """
        failed: Exception | None = None
        if self.label != (name := self.labels[self._active]):  # it was renamed or removed
            self.label = name
        while self.mask_version < self._version and self._telling.acquire(blocking=False):
            try:
                self.mask_version = min(self.mask_version + 1, self._version)
            except Exception as error:  # noqa: BLE001, PERF203  # an observer's, raised when all were told
                # The request was answered by the update: the error is one that every view shows.
                self._tell_error(error, None)
                failed = failed or error
            finally:
                self._telling.release()
        if failed is not None:
            raise failed

    def _tell_error(self, error: BaseException, request: str | None) -> None:
        self.last_error = error
        self.send({"type": "error", "id": request, "text": _told(error)})

    def _whole_mask(self) -> dict[str, Any]:
        with self._lock:
            return {"version": self._version, "planes": compressed(self._whole_planes())}

    def _whole_planes(self) -> list[Plane]:
        return [*self._annotation.masks.planes(), *self._annotation.instances.planes()]

    def _all_prompts(self) -> dict[str, Any]:
        with self._lock:
            lists = [self._annotation.prompts(label).to_json() for label in range(len(self._annotation.labels))]
            return {"version": self._version, "lists": lists}

    @traitlets.validate("label")
    def _check_label(self, proposal: Mapping[str, Any]) -> str:
        names = self.labels
        if proposal["value"] not in names:
            raise ValueError(f"label takes one of {', '.join(map(repr, names))}; got {proposal['value']!r}")
        self._index = names.index(proposal["value"])
        return str(proposal["value"])

    @traitlets.observe("label")
    def _keep_label(self, _change: object) -> None:
        if self._keeper is not None:
            self._keeper.activated(self.label)  # without the lock: whoever has it may predict

    @contextmanager
    def hold_trait_notifications(self) -> Iterator[None]:
        """Hold nothing: what a thread holds, traitlets keeps from all, and may roll back what others set meanwhile."""
        yield

    # --- display -----------------------------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """Show the widget, and beside it the picture that a saved notebook keeps (hidden while the widget is alive)."""
        if self.comm is None:
            publish_display_data({"text/plain": repr(self)})
            return
        if (bundle := self._repr_mimebundle_()) is not None:
            publish_display_data(*bundle)
        self._static.show()


def load_session(path: str | Path, *, image: Any = None, model: str | Path | Predictor | None = None) -> Segmenter:
    """Go on with what `Segmenter.save_session` kept: undo and redo go as far as they went.

    Parameters
    ----------
    path
        The file.
    image
        The image, if its file is not where it was: anything that `Image.of` takes.
    model
        What predicts from now on, as for `Segmenter`; the predictor that was used unless given.

    Raises
    ------
    FileNotFoundError
        When `path` or the image's own file does not exist.
    ValueError
        When the file is no session or of a later version, the image another one, or the predictor unknown here.
    """
    saved = read_session(path, image)
    w = Segmenter(saved.image, [label.name for label in saved.labels], saved.model if model is None else model)
    w._go_on(saved)
    return w


def _predictor(model: str | Path | Predictor) -> Predictor:
    return model if isinstance(model, Predictor) else load_predictor(model)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
