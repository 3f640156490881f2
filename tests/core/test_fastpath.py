"""A seal answers while everything it rests on is as it was; changed or damaged it says nothing, and never crashes."""

import os
import time

import pytest

from run_milestone import __version__
from run_milestone.core import fastpath

TEXTS = {"run": "✓ Milestone m4.1 is complete; nothing to do.\n", "status": "12 completed\n\n1 skipped\n"}


@pytest.fixture
def watched(tmp_path):
    folder = tmp_path / "issues" / "03"
    folder.mkdir(parents=True)
    (folder / "test.json").write_text("{}")
    (tmp_path / "plan.yaml").write_text("id: m4.1")
    return [str(tmp_path / "issues")], [str(tmp_path / "plan.yaml"), str(tmp_path / "missing")]


@pytest.fixture
def path(tmp_path, watched):
    place = str(tmp_path / "seal")
    fastpath.write(place, fastpath.Watched(*watched), 3, TEXTS)
    return place


def test_it_says_what_was_sealed(path):
    assert fastpath.read(path) == (3, TEXTS)


def test_another_version_is_not_answered_for(path, monkeypatch):
    monkeypatch.setattr(fastpath, "FORM", fastpath.FORM.replace(f"by {__version__},", "by 9.9.9,"))
    assert fastpath.read(path) is None


def test_there_is_none(tmp_path):
    assert fastpath.read(str(tmp_path / "seal")) is None


CHANGES = {
    "a marker deleted": lambda root: (root / "issues/03/test.json").unlink(),
    "a marker edited": lambda root: (root / "issues/03/test.json").write_text("{1}"),
    "a marker touched": lambda root: os.utime(root / "issues/03/test.json"),
    "a file added": lambda root: (root / "issues/03/lint.json").write_text(""),
    "a folder removed": lambda root: (root / "issues").rename(root / "elsewhere"),
    "the plan edited": lambda root: (root / "plan.yaml").write_text("id: m4.2!"),
    "the plan removed": lambda root: (root / "plan.yaml").unlink(),
    "what was missing came": lambda root: (root / "missing").write_text(""),
    "a dangling link added": lambda root: (root / "issues/03/x").symlink_to("nowhere"),
    "the seal moved to a copy": lambda root: (root / "seal").write_text(
        (root / "seal").read_text().replace("/seal", "/s")
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_breaks_it(path, tmp_path, change):
    time.sleep(0.01)  # the file system's clock ticks coarsely
    change(tmp_path)
    assert fastpath.read(path) is None


def test_file_names_of_any_bytes_are_watched(tmp_path, watched):
    (tmp_path / "issues" / os.fsdecode(b"03.fi\xff")).write_text("")
    (tmp_path / "issues" / "two\nlines").write_text("")
    fastpath.write(str(tmp_path / "seal"), fastpath.Watched(*watched), 0, TEXTS)
    assert fastpath.read(str(tmp_path / "seal")) == (0, TEXTS)
    (tmp_path / "issues" / os.fsdecode(b"03.fi\xff")).unlink()
    assert fastpath.read(str(tmp_path / "seal")) is None


def test_a_truncated_seal_says_nothing(path, tmp_path):
    whole = (tmp_path / "seal").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "seal").write_bytes(whole[:length])
        assert fastpath.read(path) is None


def test_a_flipped_bit_never_crashes(path, tmp_path):
    whole = (tmp_path / "seal").read_bytes()
    for place in range(len(whole)):
        for bit in (1, 128):
            (tmp_path / "seal").write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            fastpath.read(path)


@pytest.mark.parametrize("content", [b"", b"\0" * 50, b"\xff\xfe", b"x" * 9, b"\0end"])
def test_what_is_no_seal_says_nothing(path, tmp_path, content):
    (tmp_path / "seal").write_bytes(content)
    assert fastpath.read(path) is None


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink(path, path)])
def test_what_is_no_file_says_nothing_at_once(tmp_path, make):
    make(tmp_path / "seal")
    began = time.monotonic()
    assert fastpath.read(str(tmp_path / "seal")) is None
    assert time.monotonic() - began < 1
