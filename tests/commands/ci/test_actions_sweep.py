"""The long sweep on GitHub Actions: the founding example in one job and in a matrix, races, a kill at many lines."""

import json
import time
from pathlib import Path

import pytest
import yaml
from support.actions import TWO, WAITS, heads, held, kill, until

pytestmark = pytest.mark.torture

EXAMPLE = Path(__file__).parents[3] / "plans" / "m4.1"
RACES = 10
FORMS = {"one": ((), 4), "matrix": (("--matrix",), 16)}
"""How the workflow is written, and the lines of its log between two kills."""
END = {
    "issues": {"total": 13, "completed": 12, "skipped": 1},
    "prs": {"created": 12, "clean": 9, "fixed": 2, "approved": 1},
    "labels": {"needs-db-review": 1, "needs-dep-review": 1},
    "commands": {"fix": 3, "continue": 3, "approve": 1, "skip": 1},
}


@pytest.fixture
def example(actions, tmp_path):
    """The founding example's project on a forge; every fresh checkout finds the product's one remote and its forge."""

    def make(*form):
        texts = {f"plans/m4.1/{path.relative_to(EXAMPLE)}": path for path in EXAMPLE.rglob("*") if path.is_file()}
        files = {name: path.read_text() for name, path in texts.items()}
        plan = files["plans/m4.1/plan.yaml"]
        remote = f"remote: {tmp_path / 'shared' / 'product.git'}"
        files["plans/m4.1/plan.yaml"] = plan.replace("remote: remote/product.git", remote)
        return actions(tmp_path, files, *form)

    return make


def open_gates(forge):
    assert forge.ada.types("state", "pull", "m4.1").code == 0
    return [gate["gate"] for gate in json.loads(forge.ada.types("gates", "m4.1", "--json").out)]


@pytest.mark.parametrize("form", [(), ("--matrix",)], ids=["one", "matrix"])
def test_the_founding_example_completes_on_actions(example, gh, form):
    forge, began, (folder, started) = example(*form), time.monotonic(), gh
    recorded, jobs = yaml.safe_load((EXAMPLE / "decisions.yaml").read_text()), 0
    while True:
        started.clear()
        ran = forge.runs_it(payload={"inputs": {"milestone": "m4.1"}}, GH_CONFIG_DIR=folder)
        assert not ran.red, ran.out
        jobs += len(ran.done) - 1
        waiting = open_gates(forge)
        if not waiting and not started:
            break
        for gate in waiting:
            answer = next(one for one in recorded if one["gate"] == gate)
            recorded.remove(answer)
            words = ("decide", "m4.1", gate, answer["verb"], "--reason", answer["reason"], "--state-ref")
            assert forge.ada.types(*words).code == 0
    facts = json.loads((forge.ada.folder / "state/m4.1/summary.json").read_text())
    assert facts["status"] == "complete"
    assert {name: facts[name] for name in END} == END
    assert sorted(story["pr"] for story in facts["per_issue"] if story["pr"]) == list(range(310, 322))
    print(f"figure: the example, {form or 'one job'}: {forge.runs} runs, {jobs} jobs, {time.monotonic() - began:.0f} s")


def test_a_matrix_gains_where_implementing_takes_long(shop, gh):
    took = {}
    for form in ((), ("--matrix",)):
        forge = shop("slow", *form)
        (forge.folder / "hold" / "slow").touch()
        began = time.monotonic()
        ran = forge.runs_it(GH_CONFIG_DIR=gh[0])
        took[form] = time.monotonic() - began
        assert ran.notices[-1:] == WAITS
    one, matrix = took.values()
    print(f"figure: three issues of 20 s: {one:.0f} s in one job, {matrix:.0f} s in three beside each other")
    assert matrix < one


def test_one_of_two_simultaneous_runs_always_proceeds(shop):
    won = 0
    for _ in range(RACES):
        forge = shop("race")
        let_go, _ = held(forge, "01")
        acts = [forge.begins(), forge.begins()]
        until(lambda acts=acts: any(act.poll() is not None for act in acts))
        let_go()
        ran = sorted((forge.ends(act) for act in acts), key=lambda one: one.red)
        won += [one.red for one in ran] == [False, True] and ran[0].notices == WAITS and heads(forge) == TWO
    print(f"figure: races won exactly once: {won} / {RACES}")
    assert won == RACES


@pytest.mark.parametrize(("form", "every"), FORMS.values(), ids=FORMS)
def test_a_kill_at_any_logged_line_converges(shop, gh, form, every):
    tried = converged = 0
    while True:
        forge = shop("killed", *form)
        if not killed_at(forge, tried * every + 1, gh[0]):
            break
        again = forge.runs_it(GH_CONFIG_DIR=gh[0])
        tried += 1
        converged += not again.red and again.notices[-1:] == WAITS and heads(forge) == TWO
    print(f"figure: killed jobs that converged, {form or 'one job'}: {converged} / {tried}")
    assert converged == tried > 0


def killed_at(forge, number, config):
    """Kill the job that prints this line of what run-milestone says; returns whether a run came that far."""
    act, lines = forge.begins(GH_CONFIG_DIR=config), 0
    for line in act.stdout:
        lines += "  | " in line
        if lines == number:
            kill(forge)
            break
    forge.ends(act)
    return lines >= number
