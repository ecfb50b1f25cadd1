"""Small arrays that tests make images and files of."""

import numpy as np


def ramp(shape, dtype="u1"):
    """0, 1, 2, ... in any shape."""
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)
