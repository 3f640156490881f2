"""run-milestone carries a milestone plan, issue by issue, from branch to reviewed pull request."""

from .core.version import __version__

__all__ = ["__version__"]
