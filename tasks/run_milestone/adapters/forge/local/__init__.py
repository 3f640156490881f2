"""A forge in plain files beside a bare remote, for work without a server and for trying things out."""

from __future__ import annotations

from .comments import Comments
from .issues import Issues
from .pulls import Pulls
from .reviews import Reviews


class LocalForge(Pulls, Reviews, Issues, Comments):
    """Pull requests and issues as files in a folder. Nothing is ever merged into the target branch.

    Errors: OutsideError for what a forge would refuse, DamagedStateError for a file that cannot be used.
    """
