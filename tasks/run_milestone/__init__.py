"""run-milestone carries a milestone plan, issue by issue, from branch to reviewed pull request."""

__version__ = "0.1.0"
