"""The pages of the stops show each with its scenarios, and are what the code says now."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]


def test_the_pages_of_stops_are_up_to_date(tmp_path):
    command = [f"{sys.prefix}/bin/python", "-m", "tests.scenarios.stops", str(tmp_path)]
    made = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    for path in tmp_path.rglob("*.md"):
        page = CHECKOUT / "docs" / path.relative_to(tmp_path)
        assert path.read_text(encoding="utf-8") == page.read_text(encoding="utf-8"), (
            "run `python -m tests.scenarios.stops`"
        )
