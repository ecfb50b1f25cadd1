"""Dice against rounds. Figures are made without pyplot, whose state is global."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scribbleprompt_widget.extras import require

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["dice_figure"]

SIZE_INCHES = (6.0, 4.0)
PIXELS_PER_INCH = 120


def dice_figure(rounds: pd.DataFrame, title: str = "") -> Figure:
    """Mean Dice after each round, a line for each predictor, its interval shaded.

    Parameters
    ----------
    rounds
        `Report.rounds()` of one protocol.
    title
        The protocol's name.
    """
    figure: Figure = require("matplotlib.figure").Figure(SIZE_INCHES, dpi=PIXELS_PER_INCH, layout="constrained")
    axes = figure.subplots()
    for predictor, found in rounds.groupby("predictor", sort=False):
        (line,) = axes.plot(found["round"], found["mean"], marker="o", markersize=3, label=str(predictor))
        axes.fill_between(found["round"], found["low"], found["high"], color=line.get_color(), alpha=0.15, linewidth=0)
    axes.set(xlabel="prompts, one a round", ylabel="mean Dice", ylim=(0, 1), title=title)
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    return figure
