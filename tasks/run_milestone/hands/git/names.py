"""names: what a name stands for, asked of one git that stays; a process for each question would cost a run the most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import OutsideError, UsageError
from .calls import object_id

if TYPE_CHECKING:
    from pathlib import Path

    from .calls import Calls


class Names:
    """Tells what names in one git directory stand for, always as they are now."""

    def __init__(self, calls: Calls, directory: Path) -> None:
        """Prepare to ask about `directory`; git is started with the first question."""
        self._talk = calls.talk("cat-file", "--batch-check", directory=directory)

    def resolve(self, name: str) -> str | None:
        """Return the object id that `name` (`refs/heads/main^{commit}`) stands for, None where it names nothing.

        Errors: OutsideError where git gives no answer or no object id, UsageError where it could not be started.
        """
        if "\n" in name:
            return None
        try:
            said = self._talk.ask(name)
        except OSError as error:
            raise UsageError(f"git could not be started: {error.strerror}.", "Install git and run again.") from None
        if said is None:
            raise OutsideError(f"`git cat-file` failed: no answer about {name}.", "Run the same command again.")
        return None if said.endswith(" missing") else object_id(said.partition(" ")[0], name)

    def close(self) -> None:
        """End the git that stays."""
        self._talk.close()
