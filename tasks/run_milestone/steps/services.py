"""Run the tests of a tree among its services: a database, a queue, a server of the product itself."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..adapters.process import service_runner
from ..core.errors import DamagedStateError
from ..core.fs import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .workplace import Workplace


class Unserved(NamedTuple):
    """Why the services did not serve, and whether that was before the tests began."""

    why: str
    before: bool


@contextmanager
def among_services(place: Workplace, command: tuple[str, ...], folder: Path) -> Iterator[tuple[str, ...]]:
    """Give the command that starts the tree's services in the box of `command`, and ends them with it.

    A file beside the tree stands while they run. Where a run was killed it is still there, and the next one runs the
    stop commands first: a service may have left what no box holds, such as a container.
    """
    if not place.services:
        yield command
        return
    mark = place.tree.with_name(f"{place.tree.name}.services")
    services = [{"start": one.start, "ready": one.ready, "stop": one.stop} for one in place.services]
    inside = folder / "services"
    inside.mkdir()
    (inside / "runner.py").write_bytes(Path(service_runner.__file__).read_bytes())
    settings = {"services": services, "port": place.port, "left_over": mark.exists()}
    (inside / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    mark.touch()
    yield (sys.executable, "-I", str(inside / "runner.py"), str(inside / "settings.json"), *command)
    mark.unlink(missing_ok=True)


def unserved(folder: Path) -> Unserved | None:
    """Return what went wrong with the services of a run; None where nothing did."""
    try:
        when, _, why = (read_text(folder / "services" / "problem.txt") or "").partition("\n")
    except DamagedStateError:
        return Unserved("the services left no readable record", before=False)
    return Unserved(f"the service {why}" if why.startswith("`") else why, when == "before") if why else None
