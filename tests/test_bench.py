"""The bench stands on the program as it is: what it measures is a milestone that the program itself calls complete."""

import random
from pathlib import Path
from xml.etree import ElementTree as ET

from run_milestone.steps.registry import lookup
from run_milestone.steps.task import Task


def test_what_is_measured_is_what_users_get(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from bench.honest import see_that_seals_are_honest

    see_that_seals_are_honest(tmp_path / "milestone")


def test_remembered_digests_are_those_of_values(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from bench.finished import make_finished

    for name, phases in (("one", (2,)), ("two", (1, 1))):
        session = make_finished(tmp_path / name, phases)
        with session.looking():
            pairs = [lookup(session.ctx, node) for node in session.nodes.values() if not node.group]
            assert [task.inputs(on) for task, on in pairs] == [Task.inputs(task, on) for task, on in pairs]


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


def test_each_kind_of_fault_is_planted_by_seed(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from bench.judgement.faults import FAULTS
    from bench.judgement.projects import Project

    project = Project("shop", "flat", "pypi", ("1", "2"), source="shop", migrations="alembic")
    files = {
        "shop/cart.py": "def total(lines):\n    return sum(lines)\n",
        "tests/test_cart.py": "def test_total():\n    assert total([1])\n\n\ndef test_no():\n    assert not total()\n",
        "shop/migrations/versions/1_lines.py": "revision = 'a1'\ndown_revision = None\n\n\ndef upgrade():\n"
        "    op.create_table('bill',\n        sa.Column('id', Int),\n        sa.Column('date', sa.Date()),\n    )\n",
        "shop/migrations/versions/2_more.py": "revision = 'b2'\ndown_revision = 'a1'\n",
    }
    planted_twice = []
    for turn in ("first", "second"):
        for fault in FAULTS:
            root = tmp_path / turn / fault.name
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            planted_twice.append((fault.name, fault.plant(project, root, random.Random(1))))
    assert planted_twice[: len(FAULTS)] == planted_twice[len(FAULTS) :]
    assert ("broken return", "shop/cart.py:2: `return sum(lines)` became `return None`") in planted_twice
    assert all(planted for _, planted in planted_twice)


def test_what_is_not_as_wanted_is_named(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from bench.judgement.replay import Outcome, Question, Result, as_data, from_data
    from bench.judgement.table import as_text, misses

    asked = [Question("size", "files", "9 files changed", deserved="9 files"), Question("secret", "secret", "A key")]
    fault = Outcome("deleted test", "tests/test_a.py: test_b is gone")
    result = Result("shop-1.1", "flat", outcomes=[Outcome("code and tests", questions=asked), fault])
    assert from_data(as_data(result)) == result
    text = as_text([result], 1)
    assert "1 raised a question that no rule deserves (100%), 1 of 1 faults were let through" in text
    assert "- shop-1.1, code and tests: asked (secret, secret): A key" in text
    assert "- shop-1.1: let through (deleted test): tests/test_a.py: test_b is gone" in text
    assert "9 files" not in text
    asked.pop()
    fault.caught = "tampering: Test removed: test_b"
    assert misses([result]) == []


def test_a_question_is_deserved_by_a_rule(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from bench.judgement.by_hand import ByHand
    from bench.judgement.fetch import call
    from bench.judgement.replay import Question
    from bench.judgement.rules import Facts, deserved

    def commit(name, text):
        (tmp_path / "test_cart.py").write_text(text)
        call(["git", "add", "."], tmp_path)
        call(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", f"--message={name}"], tmp_path)
        call(["git", "tag", name], tmp_path)

    call(["git", "init", "--quiet"], tmp_path)
    commit(
        "before", "def test_a():\n    cart = Cart(1)\n    assert cart.size == 1\n\n\ndef test_b():\n    assert b()\n"
    )
    commit(
        "after", "def test_c():\n    cart = Cart(1)\n    assert cart.size == 1\n\n\ndef test_a():\n    cart = Cart(1)\n"
    )
    facts = Facts(tmp_path, "before", "after", ByHand(tmp_path, 1, {"after": True}))
    cases = {
        ("removed-test", "Test removed: test_b"): True,
        ("removed-test", "Test removed: test_a"): False,
        ("fewer-assertions", "Assertions removed: test_a had 1, has 0"): False,
        ("skipped-test", "Skip or xfail added: test_a"): False,
    }
    judged = {key: bool(deserved(Question("tampering", *key, path="test_cart.py"), facts)) for key in cases}
    assert judged == cases
    assert not deserved(Question("tests", "t", "t fails"), facts)
    assert not deserved(Question("secret", "secret", "A key"), facts)
