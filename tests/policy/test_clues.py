"""What a failure's output names points at the issues that change it, and at no others."""

import pytest

from run_milestone.policy.clues import files_in, files_of_tests

PATHS = frozenset(
    {"a.py", "data.py", "app/a.py", "app/data.py", "tests/test_a.py", "tests/test_data.py", "odd name.py"}
)


@pytest.mark.parametrize(
    ("output", "named"),
    [
        ("data.py:3: in load", {"data.py"}),
        ('  File "app/data.py", line 3', {"app/data.py"}),
        ("/tmp/land/app/a.py:7: AssertionError", {"app/a.py"}),
        ("/tmp/land/other/a.py:7", {"a.py"}),
        ("at Object.<anonymous> (./app/data.py:3:1)", {"app/data.py"}),
        ("see app/data.py.", {"app/data.py"}),
        ("mega.py and a.pyx and a.py.bak", set()),
        ("", set()),
    ],
)
def test_a_path_is_named_as_a_whole(output, named):
    assert files_in(output, PATHS) == named


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("tests/test_data.py::test_load", {"tests/test_data.py"}),
        ("tests.test_data::test_load", {"tests/test_data.py"}),
        ("tests.test_a.TestA::test_load[x]", {"tests/test_a.py"}),
        ("tests.test_apart::test_load", set()),
        ("TestLoad", set()),
    ],
)
def test_a_failing_test_names_its_file(name, named):
    assert files_of_tests([name], PATHS) == named


def test_every_failing_test_is_looked_at():
    names = [f"tests.test_{number}::test" for number in range(100)]
    assert files_of_tests([*names, "tests.test_a::test"], PATHS) == {"tests/test_a.py"}
