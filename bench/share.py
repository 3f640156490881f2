"""share: how much of a whole run is the runner's own work; the founding example, with agents that take no time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from .table import Row

WHAT = "the runner's own CPU time, founding example"


def own_share(folder: Path) -> list[Row]:
    """Play the founding example once; compare the runner's CPU time with the run's length and with all CPU time."""
    used = folder / "used.json"
    metered = Path(__file__).with_name("metered.py")
    argv = (sys.executable, str(metered), str(used), "demo", "--dir", str(folder / "demo"))
    began = time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
    took = time.perf_counter() - began
    # The bar is on CPU time: a busy machine stretches the run, not the work, and would let any runner pass.
    cpu = json.loads(used.read_text(encoding="utf-8"))
    return [
        Row(WHAT, cpu["own"], "the whole run", took),
        Row(WHAT, cpu["own"], "all CPU time, children's too", cpu["own"] + cpu["children"], 0.05),
    ]
