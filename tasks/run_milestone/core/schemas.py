"""Read the JSON Schemas, from the installed package or from the checkout."""

from __future__ import annotations

from pathlib import Path

from .errors import UsageError

_PLACES = (Path(__file__).parents[1] / "schemas", Path(__file__).parents[3] / "schemas")


def read_schema(name: str) -> str:
    """Return the text of a schema (`plan`, `marker`, `gate`, ...)."""
    folder = next(place for place in _PLACES if place.is_dir())
    known = sorted(path.name.removesuffix(".schema.json") for path in folder.glob("*.schema.json"))
    if name not in known:
        raise UsageError(f"There is no schema called {name!r}.", f"There are {', '.join(known)}.")
    return (folder / f"{name}.schema.json").read_text(encoding="utf-8")
