"""docs/stops.md shows every stop with the scenario that proves it, and is what the code says now."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]


def test_the_page_of_stops_is_current():
    made = subprocess.run(
        [sys.executable, "-m", "tests.scenarios.stops"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    page = (CHECKOUT / "docs/stops.md").read_text(encoding="utf-8")
    assert made.stdout == page, "run `python -m tests.scenarios.stops > docs/stops.md`"
