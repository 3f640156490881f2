"""The bench stands on the program as it is: what it measures is a milestone that the program itself calls complete."""

import random
from pathlib import Path
from xml.etree import ElementTree as ET


def test_what_is_measured_is_what_users_get(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from bench.honest import see_that_seals_are_honest

    see_that_seals_are_honest(tmp_path / "milestone")


def test_growth_is_told_and_drawn(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from bench.growth import Series, as_table, misses
    from bench.plot import as_svg

    slow = Series("why", is_ours=True, seconds={13: 0.1, 100: 0.2, 1000: 20.0})
    even = Series("verify", is_ours=True, seconds={13: 0.1, 100: 0.2, 1000: 2.0})
    peer = Series("make", is_ours=False, seconds={100: 0.1, 1000: 9.0})
    table = as_table([slow, even, peer], "today")
    assert [line.split(" | ")[-1] for line in table.splitlines()[4:]] == ["2.00 |", "1.00 |", "1.95 |"]
    assert misses([slow, even, peer]) == [slow]
    picture = ET.fromstring(as_svg([slow, even, peer], "today <now>"))
    assert {"today <now>", "why", "make", "1,000"} <= {text.text for text in picture.iter() if text.text}


def test_a_second_look_hides_no_regression(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from bench.flaky import RATES, measure

    rows = [measure(random.Random(1), rate, 400) for rate in RATES]
    worst = max(row.wrong for row in rows)
    print(f"figure: flaky tests: at most {worst:.1%} of failures use an attempt, hidden: {sum(r.hidden for r in rows)}")
    assert [row.hidden for row in rows] == [0] * len(RATES)
    assert worst < 0.1
