"""What tests of the widget without a browser begin with."""

import numpy as np
import pytest

import scribbleprompt_widget as sp
from tests.front_end import FrontEnd
from tests.paint import PaintPredictor


@pytest.fixture
def paint():
    return PaintPredictor()


@pytest.fixture
def w(paint):
    widget = sp.Segmenter(np.zeros((40, 60)), labels=["lesion", "organ"], model=paint)
    yield widget
    widget.close()


@pytest.fixture
def view(w):
    return FrontEnd(w)
