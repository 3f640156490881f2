from run_milestone.engine import DOIT_CONFIG, task_milestone  # noqa: D100
__all__ = ["DOIT_CONFIG", "task_milestone"]
