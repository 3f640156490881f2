"""The local forge: the contract of every forge, and what being plain files adds to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from forge_contract import ForgeContract

from run_milestone.errors import DamagedStateError, OutsideError
from run_milestone.hands.forge.local import LocalForge

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "remote" / "product.forge"


@pytest.fixture
def forge(folder):
    return LocalForge(folder)


def propose(forge, head="feature/a"):
    return forge.create(head=head, base="milestone/m4.1", title="A", body="", labels=())


class TestContract(ForgeContract):
    """Every forge's promises, kept by the local one."""


def test_numbers_go_on_after_what_the_sample_holds(folder, forge):
    shutil.copytree(ROOT / "plans" / "m4.1" / "sample" / "forge", folder)
    assert [(pull.number, pull.state) for pull in forge.pulls()] == [(308, "merged"), (309, "merged")]
    made = propose(forge)
    assert made.number == 310
    assert made.url == "product.forge/pulls/310.json"


def test_issues_and_pull_requests_share_their_numbers(folder, forge):
    (folder / "issues").mkdir(parents=True)
    (folder / "issues" / "41.json").write_text("{}")
    (folder / "issues" / "notes.json").write_text("not one of ours")
    assert propose(forge).number == 42


def test_a_person_can_read_and_merge_with_an_editor(folder, forge):
    number = propose(forge).number
    forge.comment(number, "Looks good")
    path = folder / "pulls" / f"{number}.json"
    record = json.loads(path.read_text())
    assert record["comments"][0]["body"] == "Looks good"
    assert {"created", "updated", "head_sha"} <= record.keys()
    path.write_text(json.dumps({**record, "state": "merged", "reviewer": "ada"}))
    assert forge.pulls()[0].state == "merged"
    for refused in (forge.close, forge.reopen):
        with pytest.raises(OutsideError, match="is merged"):
            refused(number)
    forge.set_draft(number, draft=True)
    assert json.loads(path.read_text())["reviewer"] == "ada"


def test_saying_the_same_again_writes_nothing(folder, forge):
    made = propose(forge)
    before = os.stat(folder / "pulls" / f"{made.number}.json").st_mtime_ns
    assert propose(forge) == made
    assert os.stat(folder / "pulls" / f"{made.number}.json").st_mtime_ns == before
    assert [path.name for path in (folder / "pulls").iterdir()] == [f"{made.number}.json"]


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "null",
        '{"number": 2}',
        '{"number": 1, "head": "a", "base": "b", "title": "", "body": ""}',
        '{"number": 1, "head": "a", "base": "b", "title": "", "body": "", "state": "done"}',
        '{"number": 1, "head": "a", "base": "b", "title": "", "body": "", "state": "open", "labels": "x"}',
        '{"number": 1, "head": "a", "base": "b", "title": "", "body": "", "state": "open", "draft": "no"}',
    ],
)
def test_a_damaged_file_is_named_and_stops_every_answer(folder, forge, damage):
    propose(forge)
    (folder / "pulls" / "1.json").write_text(damage)
    for act in (forge.pulls, lambda: propose(forge, "feature/b"), lambda: forge.close(1)):
        with pytest.raises(DamagedStateError, match=r"1\.json"):
            act()
    assert [path.name for path in (folder / "pulls").iterdir()] == ["1.json"]


def test_a_file_where_a_folder_belongs_is_named(folder, forge):
    folder.mkdir(parents=True)
    (folder / "pulls").write_text("")
    with pytest.raises(DamagedStateError, match="pulls"):
        forge.pulls()


def test_a_forge_that_cannot_be_written_is_said_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match=r"cannot be written: .*file"):
        propose(LocalForge(tmp_path / "file" / "product.forge"))


def test_processes_at_once_never_share_a_number_or_a_branch(folder):
    body = (
        "import sys; from pathlib import Path; from run_milestone.hands.forge.local import LocalForge\n"
        "for head in 'abcdefgh':\n"
        "    LocalForge(Path(sys.argv[1])).create(head=head, base='m', title=head, body='', labels=(sys.argv[2],))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tasks")}
    writers = [
        subprocess.Popen([sys.executable, "-c", body, str(folder), label], env=environment) for label in ("x", "y", "z")
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    pulls = LocalForge(folder).pulls()
    assert [pull.number for pull in pulls] == list(range(1, 9))
    assert {frozenset(pull.labels) for pull in pulls} == {frozenset("xyz")}
