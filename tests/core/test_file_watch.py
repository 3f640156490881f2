"""What changed between two looks at files, whatever was done to hide it."""

import os

import pytest

from run_milestone.core.file_watch import changed, look


@pytest.fixture
def module(tmp_path):
    """A file of an environment."""
    path = tmp_path / "environment/module.py"
    path.parent.mkdir()
    path.write_text("A = 1\n")
    return path


def write_unseen(path):
    """Change a file's content, and put its size and times back."""
    times = path.stat()
    path.write_text("A = 2\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_change_with_its_old_times_is_seen(module):
    before = look([module.parent])
    write_unseen(module)
    assert changed(before, look([module.parent])) == [str(module)]


def test_another_link_to_a_file_changes_nothing(module, tmp_path):
    os.link(module, tmp_path / "cached.py")
    before = look([module.parent])
    os.link(module, tmp_path / "elsewhere.py")
    assert changed(before, look([module.parent])) == []


def test_a_change_of_a_linked_file_is_seen(module, tmp_path):
    os.link(module, tmp_path / "cached.py")
    before = look([module.parent])
    write_unseen(tmp_path / "cached.py")
    assert changed(before, look([module.parent])) == [str(module)]
