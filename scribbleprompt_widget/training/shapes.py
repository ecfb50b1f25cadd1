"""Procedural anatomy: maps that say for every pixel which structure it belongs to.

A scene has a body, tissues, two kinds of objects (cells, organs, lesions, rings with a core) and vessels. All of it is
computed for a whole batch at once. Coordinates span [-1, 1], so lengths are in half sides.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple, TypeAlias

import torch
from torch import Tensor

from scribbleprompt_widget.simulation.draws import Draws
from scribbleprompt_widget.training.fields import coordinates, smooth_field

__all__ = ["KINDS", "OUTSIDE", "STRUCTURES", "TISSUES", "VESSELS", "Scene", "draw_scene"]

TISSUE_COUNT: Final = 5
OBJECTS_PER_KIND: Final = 6

# The numbers of a scene's structures.
OUTSIDE: Final = slice(0, 1)
TISSUES: Final = slice(1, 1 + TISSUE_COUNT)
KINDS: Final = tuple(
    slice(TISSUES.stop + kind * OBJECTS_PER_KIND, TISSUES.stop + (kind + 1) * OBJECTS_PER_KIND) for kind in range(4)
)
"""Objects of the first kind, of the second, the cores of the first, the cores of the second."""
VESSELS: Final = slice(KINDS[-1].stop, KINDS[-1].stop + 1)
STRUCTURES: Final = VESSELS.stop

_BODY_PROBABILITY = 0.35
_LAYER_PROBABILITY = 0.15
_VESSEL_PROBABILITY = 0.4
_CORE_PROBABILITY = 0.35
# Half of the vessels are trees, half are nets.
_TREE_PROBABILITY = 0.5
# Steps between branchings, and how many trees grow; each branching doubles the tips.
_STEPS = (3, 2, 2, 1)
_ROOTS = 3
_OBJECT_SIZE = (0.07, 0.55)
_VESSEL_RADIUS = (0.012, 0.05)


_Place: TypeAlias = tuple[Tensor, Tensor]
"""x and y of every pixel in a warped plane, each (B, S, S): straight lines and circles become organic."""


class Scene(NamedTuple):
    """What a synthetic image shows.

    Attributes
    ----------
    ground
        (B, S, S) int64: tissues and outside, as if there was nothing on them.
    numbers
        (B, S, S) int64: the structure that is seen, 0 <= n < STRUCTURES.
    depth
        (B, S, S) float32: 0 at the border of an object or a vessel and beyond, 1 in its middle.
    """

    ground: Tensor
    numbers: Tensor
    depth: Tensor


def draw_scene(draws: Draws, size: int) -> Scene:
    """Draw the structures of a batch of images, `size` pixels square."""
    grid = coordinates(size, draws.device)
    wobble = draws.fork("wobble").uniform(2)
    slow = smooth_field(draws.fork("slow warp"), size, 3, channels=2) * (0.12 * wobble[:, 0, None, None, None])
    quick = smooth_field(draws.fork("quick warp"), size, 9, channels=2) * (0.03 * wobble[:, 1, None, None, None])
    x, y = (grid + slow + quick).unbind(dim=1)
    ground = _ground(draws.fork("ground"), x, y)
    numbers, depth = ground.clone(), torch.zeros_like(x)
    for kind in (0, 1):
        _add_objects(draws.fork("objects", kind), (x, y), kind, numbers, depth)
    # The choice is made on the host, and the draws are chosen from there, so that a GPU is not waited for.
    chosen = (draws.fork("vessels").host().uniform() < _VESSEL_PROBABILITY).nonzero()[:, 0]
    if len(chosen):
        rows = chosen.to(draws.device, non_blocking=True)
        _add_vessels(draws[chosen].fork("vessels"), (x[rows], y[rows]), rows, numbers, depth)
    # int64 is what indexes; int16 was quicker to draw with.
    return Scene(ground.long(), numbers.long(), depth)


def _ground(draws: Draws, x: Tensor, y: Tensor) -> Tensor:
    """Tissues that fill the image, as blobs or as layers, and the outside of a body where there is one."""
    size = x.shape[-1]
    unit = draws.uniform(8)[:, :, None, None]
    fields = smooth_field(draws.fork("coarse"), size, 2, TISSUE_COUNT)
    fields += 0.5 * smooth_field(draws.fork("fine"), size, 6, TISSUE_COUNT)
    count = draws.integers(1, TISSUE_COUNT + 1)
    absent = torch.arange(TISSUE_COUNT, device=draws.device) >= count[:, None]
    blobs = _largest(fields.masked_fill(absent[:, :, None, None], -math.inf))
    angle = math.pi * unit[:, 0]
    along = (x * torch.cos(angle) + y * torch.sin(angle) + 0.1 * fields[:, 0]) * (1 + 3 * unit[:, 1]) + 5
    layers = along.to(torch.int16) % count[:, None, None].to(torch.int16)
    tissues = torch.where(unit[:, 2] < _LAYER_PROBABILITY, layers, blobs) + TISSUES.start
    centre_x, centre_y = 0.2 * unit[:, 3] - 0.1, 0.2 * unit[:, 4] - 0.1
    radius = ((x - centre_x) / (0.65 + 0.4 * unit[:, 5])) ** 2 + ((y - centre_y) / (0.65 + 0.4 * unit[:, 6])) ** 2
    return tissues.masked_fill_((unit[:, 7] < _BODY_PROBABILITY) & (radius > 1), OUTSIDE.start)


def _largest(fields: Tensor) -> Tensor:
    """Which of the fields (B, N, S, S) is the largest, (B, S, S) int16. `argmax` does the same ten times slower."""
    value, number = fields[:, 0].clone(), torch.zeros_like(fields[:, 0], dtype=torch.int16)
    for index in range(1, fields.shape[1]):
        number.masked_fill_(fields[:, index] > value, index)
        torch.maximum(value, fields[:, index], out=value)
    return number


def _add_objects(draws: Draws, place: _Place, kind: int, numbers: Tensor, depth: Tensor) -> None:
    """Put the objects of one kind into the scene: alike in size and form, each with its place and angle."""
    x, y = place
    form = draws.uniform(8)
    count = draws.integers(1 - kind, OBJECTS_PER_KIND + 1)
    log_size = math.log(_OBJECT_SIZE[0]) + form[:, 0] ** 1.5 * math.log(_OBJECT_SIZE[1] / _OBJECT_SIZE[0])
    # Corners: none (an ellipse), or a box whose corners are cut, from a rectangle to an octagon or a diamond.
    has_corners, diagonal = (form[:, 1] < 0.25)[:, None, None], (0.55 + 0.45 * form[:, 2])[:, None, None]
    has_core = (form[:, 3] < _CORE_PROBABILITY)[:, None, None]
    core = (0.4 + 0.45 * form[:, 4])[:, None, None]
    stretch = (1 + 2 * form[:, 5] ** 2).sqrt()
    for index in range(OBJECTS_PER_KIND):
        own = draws.uniform(4)
        radius = torch.exp(log_size) * (0.7 + 0.6 * own[:, 0])
        spread = 0.95 - 0.5 * radius
        angle = 2 * math.pi * own[:, 1]
        cos, sin = torch.cos(angle) / radius, torch.sin(angle) / radius
        u = x - (spread * (2 * own[:, 2] - 1))[:, None, None]
        v = y - (spread * (2 * own[:, 3] - 1))[:, None, None]
        across = (u * (cos / stretch)[:, None, None] + v * (sin / stretch)[:, None, None]).abs_()
        along = (v * (cos * stretch)[:, None, None] - u * (sin * stretch)[:, None, None]).abs_()
        cut = torch.maximum(torch.maximum(across, along), (across + along) * diagonal)
        distance = torch.where(has_corners, cut, torch.hypot(across, along))
        hit = (distance < 1) & (index < count)[:, None, None]
        numbers.masked_fill_(hit, KINDS[kind].start + index)
        numbers.masked_fill_(hit & has_core & (distance < core), KINDS[kind + 2].start + index)
        torch.where(hit, 1 - distance, depth, out=depth)


def _add_vessels(draws: Draws, place: _Place, rows: Tensor, numbers: Tensor, depth: Tensor) -> None:
    """Put vessels into those rows of the scene, over or under its objects."""
    x, y = place
    unit = draws.uniform(2)[:, :, None, None]
    distance = torch.where(unit[:, 0] < _TREE_PROBABILITY, _trees(draws.fork("trees"), x, y), _nets(draws, x.shape[-1]))
    free = (numbers[rows] < KINDS[0].start) & (numbers[rows] >= TISSUES.start)
    hit = (distance < 1) & (free | (unit[:, 1] < 0.5))
    numbers[rows] = numbers[rows].masked_fill_(hit, VESSELS.start)
    depth[rows] = torch.where(hit, 1 - distance, depth[rows])


def _nets(draws: Draws, size: int) -> Tensor:
    """Closed meshes, as capillaries have them: where a smooth field is near zero. Distance in radii, (B, S, S)."""
    unit = draws.fork("net").uniform(2)[:, :, None, None]
    field = smooth_field(draws.fork("wide mesh"), size, 5)[:, 0]
    field = field + unit[:, 0] * smooth_field(draws.fork("narrow mesh"), size, 11)[:, 0]
    return field.abs() / (0.08 + 0.14 * unit[:, 1])


def _trees(draws: Draws, x: Tensor, y: Tensor) -> Tensor:
    """Branching vessels that grow thinner from branch to branch. Distance in radii, (B, S, S)."""
    nearest = torch.full_like(x, math.inf)
    for start_x, start_y, step_x, step_y, radius in _segments(draws):
        u, v = x - start_x, y - start_y
        length = (step_x * step_x + step_y * step_y).clamp(min=1e-8)
        share = ((u * step_x).addcmul_(v, step_y)).div_(length).clamp_(0, 1)
        u.addcmul_(share, step_x, value=-1)
        v.addcmul_(share, step_y, value=-1)
        torch.minimum(nearest, u.square_().addcmul_(v, v).div_(radius * radius), out=nearest)
    return nearest.sqrt_()


def _segments(draws: Draws) -> list[tuple[Tensor, ...]]:
    """Straight pieces of all trees: (start x, start y, step x, step y, radius), each (B, 1, 1)."""
    form = draws.uniform(6)
    radius = torch.exp(math.log(_VESSEL_RADIUS[0]) + form[:, :1] * math.log(_VESSEL_RADIUS[1] / _VESSEL_RADIUS[0]))
    root = draws.uniform(_ROOTS, 4)
    # All from one place, as from the optic disc, or each from the border inwards.
    shared = form[:, 1:2] < 0.5
    around = 2 * math.pi * root[:, :, 0]
    angle = torch.where(shared, around, around + math.pi + (root[:, :, 1] - 0.5))
    place = torch.stack([torch.cos(around), torch.sin(around)], dim=2) * 1.15
    place = torch.where(shared[:, :, None], 1.6 * form[:, None, 2:4] - 0.8, place)
    radius = radius * (0.7 + 0.6 * root[:, :, 2])
    bend, step = 0.2 + 0.4 * form[:, 4:5], 0.14 + 0.12 * form[:, 5:6]
    pieces: list[tuple[Tensor, ...]] = []
    for level, steps in enumerate(_STEPS):
        for _ in range(steps):
            unit = draws.uniform(angle.shape[1], 2)
            angle = angle + bend * (2 * unit[:, :, 0] - 1)
            length = step * (0.7 + 0.6 * unit[:, :, 1])
            move = torch.stack([length * torch.cos(angle), length * torch.sin(angle)], dim=2)
            columns = torch.cat([place, move, radius[:, :, None]], dim=2).permute(1, 2, 0)[:, :, :, None, None]
            pieces.extend(piece.unbind(0) for piece in columns)
            place = place + move
        if level < len(_STEPS) - 1:
            # The two branches turn to different sides; the thinner one turns further.
            unit = draws.uniform(angle.shape[1], 2)
            side = torch.where(unit[:, :, 0] < 0.5, -1.0, 1.0)
            turn = 0.3 + 0.7 * unit[:, :, 1]
            angle = torch.cat([angle - 0.4 * side * turn, angle + side * turn], dim=1)
            place = torch.cat([place, place], dim=1)
            radius = torch.cat([0.9 * radius, 0.7 * radius], dim=1)
    return pieces
