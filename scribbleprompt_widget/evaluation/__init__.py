"""How good predictors are: `evaluate` measures, `compare` puts measurements side by side. See docs/evaluation.md."""

from scribbleprompt_widget.evaluation.compare import Comparison, compare
from scribbleprompt_widget.evaluation.data import Task, read_tasks
from scribbleprompt_widget.evaluation.protocols import PROTOCOLS
from scribbleprompt_widget.evaluation.report import Report
from scribbleprompt_widget.evaluation.run import evaluate

__all__ = ["PROTOCOLS", "Comparison", "Report", "Task", "compare", "evaluate", "read_tasks"]
