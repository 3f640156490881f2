"""A tree is compared with its commit after the tests ran: one that they rewrite was not what was tested."""

import pytest

from run_milestone.model import Kind
from run_milestone.steps.written_over import CHANGED, PUT_BACK, findings

PASSES = "\n\ndef test_colour():\n    import colour\n    assert colour.RED\n"
FOR_A_WHILE = """\
import atexit, os, pathlib
place = pathlib.Path("colour.py")
was, times = place.read_text(), place.stat()
place.write_text("RED = 1\\n")
import colour
place.write_text(was)
os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
"""
GOLDEN = "import pathlib\npathlib.Path('golden.txt').write_text('as it is')\n"
EACH_TIME = "\n\ndef test_writes():\n    open('written.txt', 'w').write('x')\n"


def test_files_that_tests_rewrite_are_asked_about(make_milestone):
    ada = make_milestone(
        {
            "01-1": {"colour.py": "RED = 0\n", "tests/test_colour.py": FOR_A_WHILE + PASSES},
            "02-1": {"colour.py": "RED = 1\n", "golden.txt": "old\n", "tests/test_colour.py": GOLDEN + PASSES},
            "03-1": {"colour.py": "RED = 1\n", "tests/test_colour.py": PASSES},
        }
    )
    with (ada.folder / "tests/test_widgets.py").open("a") as file:
        file.write(EACH_TIME)
    (ada.folder / "written.txt").write_text("a\n")
    ada.git("add", ".", where=".")
    ada.git("commit", "--quiet", "--message=Write", where=".")
    result = ada.types("m1", "--skip-plan-review")
    assert "· The tests write to written.txt; what they change is put back after each run" in result.out
    asked = [ada.reads(f"gates/{number}.json")["findings"] for number in ("01", "02")]
    assert [[one["message"] for one in findings] for findings in asked] == [
        ["The tests rewrote colour.py and put back what was there: they may have tested something else"],
        ["The tests rewrote golden.txt: they did not test what was committed"],
    ]
    assert [pull["title"] for pull in ada.pulls() if pull["state"] == "open"] == ["feat(m1): Issue 03"], result.out


@pytest.mark.parametrize(
    ("rewritten", "kinds"),
    [
        ({}, []),
        ({"a.py": CHANGED, "b.py": CHANGED}, [Kind.TAMPERING]),
        ({"a.py": CHANGED, "b.py": PUT_BACK}, [Kind.TAMPERING, Kind.TAMPERING]),
        ({"Cargo.lock": CHANGED, "web/package-lock.json": PUT_BACK}, [Kind.LOCKFILE]),
    ],
)
def test_lock_files_are_a_label(rewritten, kinds):
    assert [one.kind for one in findings(rewritten)] == kinds
