"""Evaluation on a real cluster of two worker processes."""

import numpy as np
import pytest

from scribbleprompt_widget.evaluation import evaluate
from tests.unit.test_evaluation import folder  # noqa: F401  # a fixture


def test_a_cluster_gives_the_same_figures(folder):  # noqa: F811
    distributed = pytest.importorskip("distributed")
    protocols = ["human", "random_clicks", "line_scribbles"]
    predictors = ["nearest", "grabcut", "compact"]
    here = evaluate(predictors, folder, protocols, rounds=2, seed=3, limit=1)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        there = evaluate(predictors, folder, protocols, rounds=2, seed=3, limit=1, scheduler=cluster.scheduler_address)
    keys = ["predictor", "protocol", "task", "label", "image", "trial", "round"]
    assert here.predictions[keys].equals(there.predictions[keys])
    for metric in ("dice", "hd95"):
        np.testing.assert_allclose(here.predictions[metric], there.predictions[metric], atol=1e-4)
