"""What git says of a change is read whole and exactly, whatever the files are called."""

import os

import pytest

from run_milestone.checks.diff import changed_files
from run_milestone.core.errors import OutsideError


def one(change):
    assert len(change.files) == 1, change.files
    return change.files[0]


def test_lines_carry_their_numbers_on_both_sides(world):
    file = one(world.change({"a.py": "1\n2\n3\n4\n"}, {"a.py": "1\ntwo\nand\n3\n"}))
    assert (file.path, file.status, file.lines) == ("a.py", "M", 4)
    assert file.added == ((2, "two"), (3, "and"))
    assert file.removed == ((2, "2"), (4, "4"))


@pytest.mark.parametrize(
    "name", ["with space.py", "x b/y.py", "ünï.py", 'quo"te.py', "tab\there.py", "new\nline.py", "back\\slash.py", "-x"]
)
def test_file_names_match_those_of_blobs(world, name):
    change = world.change({name: "old\n"}, {name: "new\n"})
    assert one(change).path == name
    assert change.texts(one(change)) == ("old\n", "new\n")


@pytest.mark.parametrize("name", ["with space.bin", "x b/y.bin", 'quo"te.bin', "a b/a b/a"])
def test_files_without_a_hunk_are_named_too(world, name):
    change = world.change({name: b"\0old", "empty.py": ""}, {name: b"\0new", "empty.py": None, "made.py": ""})
    findings = {file.path: (file.status, file.binary) for file in change.files}
    assert findings[name] == ("M", True)


def test_empty_files_come_and_go(world):
    change = world.change({"gone.py": ""}, {"gone.py": None, "other.txt": ""})
    assert [(file.path, file.status) for file in change.files] in (
        [("gone.py", "D"), ("other.txt", "A")],
        [("other.txt", "R")],
    )


def test_a_renamed_file_keeps_both_names(world):
    text = "".join(f"line {number}\n" for number in range(20))
    file = one(world.change({"old b/name.py": text}, {"old b/name.py": None, "new.py": text + "more\n"}))
    assert (file.status, file.before, file.after, file.added) == ("R", "old b/name.py", "new.py", ((21, "more"),))


def test_without_detection_a_rename_is_two_files(world):
    change = world.change({"old.py": "x\n"}, {"old.py": None, "new.py": "x\n"})
    files = changed_files(world.diff(change.base, change.head, "--no-renames"))
    assert [(file.path, file.status, file.before, file.after) for file in files] == [
        ("new.py", "A", None, "new.py"),
        ("old.py", "D", "old.py", None),
    ]


def test_a_mode_change_has_no_lines(world):
    base = world.commit({"run.sh": "true\n"})
    (world.root / "run.sh").chmod(0o755)
    file = changed_files(world.diff(base, world.commit({})))[0]
    assert (file.path, file.status, file.lines) == ("run.sh", "M", 0)


def test_a_file_turned_symlink_is_one_file(world):
    base = world.commit({"a": "text\n"})
    (world.root / "a").unlink()
    os.symlink("elsewhere", world.root / "a")
    file = changed_files(world.diff(base, world.commit({})))[0]
    assert (file.status, file.added, file.removed) == ("T", ((1, "elsewhere"),), ((1, "text"),))


def test_a_missing_final_newline_counts_no_line(world):
    file = one(world.change({"a": "one\ntwo"}, {"a": "one\ntwo\nthree"}))
    assert (file.added, file.removed) == (((2, "two"), (3, "three")), ((2, "two"),))


def test_content_that_looks_like_a_diff_is_content(world):
    lines = ["diff --git a/x b/x", "-- a/x", "++ b/x", "@@ -1 +1 @@", "Binary files a and b differ", "rename to z", ""]
    file = one(world.change({"a": "-- gone\n"}, {"a": "\n".join(lines)}))
    assert [text for _, text in file.added] == lines[:-1]
    assert file.removed == ((1, "-- gone"),)
    assert not file.binary


def test_other_line_ends_do_not_split_lines(world):
    file = one(world.change({"a": ""}, {"a": "one\rtwo\x0bthree\u2028four\r\nfive\n"}))
    assert file.added == ((1, "one\rtwo\x0bthree\u2028four\r"), (2, "five"))


def test_nothing_changed_is_no_file():
    assert changed_files("") == ()


def test_a_diff_that_was_cut_off_is_refused(world):
    change = world.change({"a": ""}, {"a": "1\n2\n3\n"})
    whole = world.diff(change.base, change.head)
    with pytest.raises(OutsideError, match="cannot be read from git's diff: Hunk is shorter"):
        changed_files(whole.removesuffix("+3\n"))
    with pytest.raises(OutsideError, match="does not start with"):
        changed_files("fatal: bad object\n")


def test_a_huge_diff_is_read_in_seconds(world):
    file = one(world.change({}, {"big.txt": "".join(f"{number}\n" for number in range(100_000))}))
    assert file.lines == 100_000
    assert file.added[-1] == (100_000, "99999")
