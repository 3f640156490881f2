"""What a run passes over before doit is asked is what is done and rests on nothing that must run."""

import random
from pathlib import Path

import pytest

from run_milestone.plan import load
from run_milestone.plan.project import Project
from run_milestone.render.console import Console
from run_milestone.runner.pass_over import pass_over_done
from run_milestone.runner.session import Session


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished milestone of two phases."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[2])
        from bench.finished import make_finished

        return make_finished(tmp_path_factory.mktemp("finished") / "project", (3, 2)).project


def one_by_one(session):
    """The tasks that need nothing, each decided by itself with its records read anew."""
    done = set()
    for node in session.nodes.values():
        if set(node.after) <= done and not session.check(node).run:
            done.add(node.name)
    return done


@pytest.mark.parametrize("seed", range(8))
def test_it_passes_over_what_is_done(finished, seed):
    chance = random.Random(seed)
    session = Session(finished, load(finished.plan("m1")), Console())
    names = [name for name in session.nodes if session.store.markers.path(name).exists()]
    lost = chance.sample(names, chance.choice([0, 1, 2, 5]))
    kept = {name: session.store.markers.path(name).read_bytes() for name in lost}
    for name in lost:
        session.store.markers.path(name).unlink()
    try:
        with session.looking():
            pass_over_done(session, ["complete"])
            assert {name for name in session.nodes if name in session.done} | groups(session) == one_by_one(session)
    finally:
        for name, content in kept.items():
            session.store.markers.path(name).write_bytes(content)


def groups(session):
    """The issues whose steps are done: nothing rests on them, so they are only asked for by name."""
    issues = {name: node.after for name, node in session.nodes.items() if node.group}
    return {name for name, steps in issues.items() if all(step in session.done for step in steps)}


def test_a_damaged_marker_is_left_to_its_task(finished):
    session = Session(Project(finished.root), load(finished.plan("m1")), Console())
    path = session.store.markers.path("02:test")
    before = path.read_bytes()
    path.write_text("{")
    try:
        with session.looking():
            pass_over_done(session, ["complete"])
            assert "01:review-gate" in session.done
            assert "02:lint" in session.done
            assert "02:test" not in session.done
    finally:
        path.write_bytes(before)
