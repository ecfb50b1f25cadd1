"""The paper's simulated annotator the plain way: sample by sample, with OpenCV and scikit-image.

Written from the description in Wong et al., ECCV 2024 (section 3.2 and appendix), as a peer to measure against: one
process, no batching, no GPU.
"""

from __future__ import annotations

import cv2
import numpy as np
from skimage.morphology import skeletonize

from scribbleprompt_widget.simulation.config import REFERENCE_SIDE, SimulationConfig

__all__ = ["PlainAnnotator"]


class PlainAnnotator:
    """First prompts and corrections for one mask (H, W) bool at a time: arrays (H, W) float32."""

    def __init__(self, config: SimulationConfig, seed: int) -> None:
        self.config, self.rng = config, np.random.default_rng(seed)
        cv2.setNumThreads(1)

    def first_prompts(self, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Box, positive and negative channel."""
        box, positive, negative = (np.zeros(mask.shape, np.float32) for _ in range(3))
        mix = self.rng.integers(1, 8)
        if mix & 1:
            box = self.box(mask)
        for bit, draw in ((2, self.clicks), (4, self.scribble)):
            if mix & bit:
                positive = np.maximum(positive, draw(mask, self._count(self.config.positive_counts)))
                negative = np.maximum(negative, draw(~mask, self._count(self.config.negative_counts)))
        return box, positive, negative

    def corrections(self, mask: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is added to the positive and the negative channel."""
        missed, wrong = mask & ~predicted, predicted & ~mask
        draw = self.clicks if self.rng.random() < 0.5 else self.scribble
        count = self._count(self.config.correction_counts)
        share = missed.sum() / max(missed.sum() + wrong.sum(), 1)
        positive = int(self.rng.binomial(count, share))
        return draw(missed, positive), draw(wrong, count - positive)

    def box(self, mask: np.ndarray) -> np.ndarray:
        """The filled box."""
        drawn = np.zeros(mask.shape, np.float32)
        if mask.any():
            x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
            jitter = np.zeros(4)
            if self.rng.random() >= self.config.box_tight_probability:
                jitter = self.rng.uniform(0, self.config.box_jitter * self._scale(mask), 4)
            left, top, right, bottom = jitter.astype(int)
            drawn[max(y - top, 0) : y + height + bottom, max(x - left, 0) : x + width + right] = 1
        return drawn

    def clicks(self, region: np.ndarray, count: int) -> np.ndarray:
        """Clicks of a random kind in the region."""
        drawn = np.zeros(region.shape, np.float32)
        if not count or not region.any():
            return drawn
        kind = self.rng.integers(3)
        if kind == 0:
            places = self._pick(region, count)
        elif kind == 1:
            places = self._centers(region, count)
        else:
            depth = cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            near = region & (depth <= max(self.config.border_distance * self._scale(region), 1))
            places = self._pick(near if near.any() else region, count)
        for y, x in places:
            drawn[y, x] = 1
        return drawn

    def scribble(self, region: np.ndarray, count: int) -> np.ndarray:
        """A line, centerline or contour scribble."""
        if not count or not region.any():
            return np.zeros(region.shape, np.float32)
        kind = self.rng.integers(3)
        lines = self._lines(region, count) if kind == 0 else (self._skeleton, self._contour)[kind - 1](region)
        drawn = self._warp(self._thicken(self._break(lines))) * region
        return drawn if drawn.any() else (lines * region).astype(np.float32)

    def _lines(self, region: np.ndarray, count: int) -> np.ndarray:
        canvas = np.zeros(region.shape, np.float32)
        ends = self._pick(region, 2 * count)
        for (y0, x0), (y1, x1) in zip(ends[:count], ends[count:], strict=True):
            cv2.line(canvas, (int(x0), int(y0)), (int(x1), int(y1)), 1.0, 1)
        return canvas

    def _skeleton(self, region: np.ndarray) -> np.ndarray:
        return skeletonize(region).astype(np.float32)

    def _contour(self, region: np.ndarray) -> np.ndarray:
        sigma = self.rng.uniform(*self.config.blur_sigma) * self._scale(region)
        side = 2 * round(self.config.blur_kernel // 2 * self._scale(region)) + 1
        blurred = cv2.GaussianBlur(region.astype(np.float32), (side, side), sigma)
        level = self.rng.uniform(blurred[region].min(), blurred[region].max())
        contours, _ = cv2.findContours((blurred >= level).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        return cv2.drawContours(np.zeros(region.shape, np.float32), contours, -1, 1.0, 1)

    def _break(self, lines: np.ndarray) -> np.ndarray:
        noise = self._noise(lines.shape, self.config.break_smoothing)
        return lines * (noise <= np.quantile(noise, self.rng.uniform(*self.config.break_share)))

    def _thicken(self, lines: np.ndarray) -> np.ndarray:
        width = max(1, round(self.rng.uniform(*self.config.thickness) * self._scale(lines)))
        return cv2.dilate(lines, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)))

    def _warp(self, lines: np.ndarray) -> np.ndarray:
        magnitude = self.rng.uniform(*self.config.warp_magnitude) * self._scale(lines)
        y, x = np.mgrid[: lines.shape[0], : lines.shape[1]].astype(np.float32)
        dy, dx = (magnitude * self._noise(lines.shape, self.config.warp_smoothing) for _ in range(2))
        return (cv2.remap(lines, x + dx, y + dy, cv2.INTER_LINEAR) > 0.5).astype(np.float32)

    def _noise(self, shape: tuple[int, int], smoothing: tuple[float, float]) -> np.ndarray:
        sigma = self.rng.uniform(*smoothing) * max(shape) / REFERENCE_SIDE
        noise = cv2.GaussianBlur(self.rng.standard_normal(shape, dtype=np.float32), (0, 0), sigma)
        return noise / noise.std()

    def _centers(self, region: np.ndarray, count: int) -> list[tuple[int, int]]:
        _, labels, stats, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8), connectivity=8)
        places = []
        for label in 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA])[:count]:
            part = np.pad((labels == label).astype(np.uint8), 1)
            depth = cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
            y, x = np.unravel_index(int(depth.argmax()), depth.shape)
            places.append((int(y), int(x)))
        return places

    def _pick(self, region: np.ndarray, count: int) -> np.ndarray:
        places = np.argwhere(region)
        return places[self.rng.integers(len(places), size=count)]

    def _count(self, bounds: tuple[int, int]) -> int:
        return int(self.rng.integers(bounds[0], bounds[1] + 1))

    @staticmethod
    def _scale(array: np.ndarray) -> float:
        return max(array.shape) / REFERENCE_SIDE
