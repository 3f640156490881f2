"""reading: how long a plan of 1,000 issues takes to read, the first time and from its compiled form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from run_milestone.plan import load
from run_milestone.plan.yaml_reader import read

from .table import Row
from .timing import side_by_side

if TYPE_CHECKING:
    from .finished import Recorded


def against_libyaml(session: Recorded, rounds: int) -> list[Row]:
    """Compare reading a plan with what the libraries below take for the same bytes."""
    plan = session.project.plan(session.milestone.id)
    cache = session.project.state(session.milestone.id) / "cache" / "plan.json"
    data, compiled = (plan / "plan.yaml").read_bytes(), cache.read_bytes()
    took = side_by_side(
        rounds,
        text=lambda: read(data),
        cold=lambda: load(plan),
        warm=lambda: load(plan, cache=cache),
        libyaml=lambda: yaml.load(data, Loader=yaml.CSafeLoader),
        json=lambda: json.loads(compiled),
    )
    size = f"plan of {len(session.milestone.issues):,} issues"
    return [
        Row(f"{size}: text, with its places", took["text"], "PyYAML over libyaml", took["libyaml"]),
        Row(f"{size}: text, checked, typed", took["cold"], "PyYAML over libyaml", took["libyaml"]),
        Row(f"{size}: compiled form", took["warm"], "text, checked, typed", took["cold"]),
        Row(f"{size}: compiled form", took["warm"], "json.loads of it", took["json"]),
    ]
