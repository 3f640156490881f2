"""What a project's `dodo.py` imports: doit's tasks of every milestone, and how doit is set up."""

from .runner.doit_adapter import DOIT_CONFIG, task_milestone

__all__ = ["DOIT_CONFIG", "task_milestone"]
