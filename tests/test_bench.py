"""The bench stands on the program as it is: what it measures is a milestone that the program itself calls complete."""

from pathlib import Path


def test_what_is_measured_is_what_users_get(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from bench.honest import see_that_seals_are_honest

    see_that_seals_are_honest(tmp_path / "milestone")
