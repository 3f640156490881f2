from run_milestone.engine import DOIT_CONFIG, task_milestone
__all__ = ["DOIT_CONFIG", "task_milestone"]
