"""What the parts of a `Segmenter` have in common: what they may use of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading

    from scribbleprompt_widget.widgets.annotation import Annotation
    from scribbleprompt_widget.widgets.cancel import Cancellation
    from scribbleprompt_widget.widgets.keeper import Keeper
    from scribbleprompt_widget.widgets.masks import Plane
    from scribbleprompt_widget.widgets.messages import Act
    from scribbleprompt_widget.widgets.order import Order
    from scribbleprompt_widget.widgets.session_file import Saved
    from scribbleprompt_widget.widgets.state import ToldPrompts
    from scribbleprompt_widget.widgets.static_picture import StaticPicture

__all__ = ["Part"]


class Part:
    """Declares what `Segmenter` defines, so that its parts can be checked against it."""

    label: Any
    last_error: BaseException | None
    _annotation: Annotation
    _cancellation: Cancellation
    _image: Any
    _keeper: Keeper | None = None
    _lock: threading.RLock
    _order: Order
    _static: StaticPicture
    _told: ToldPrompts
    _version: int

    if TYPE_CHECKING:

        @property
        def _active(self) -> int: ...
        def send(self, content: Any, buffers: Any = None) -> None: ...  # noqa: D102  # ipywidgets tells
        def send_state(self, key: Any = None) -> None: ...  # noqa: D102  # the same
        def _do(self, act: Act) -> None: ...
        def _change(self, act: Act, request: str | None = None) -> None: ...
        def _following(self, act: Act) -> Act: ...
        def _go_on(self, saved: Saved) -> None: ...
        def _tell_observers(self) -> None: ...
        def _tell_error(self, error: BaseException, request: str | None) -> None: ...
        def _whole_planes(self) -> list[Plane]: ...
