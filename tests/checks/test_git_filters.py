"""A file that a git filter should have changed is a question, whatever the filter is called."""

import pytest

from run_milestone.checks.git_filters import check
from run_milestone.model import Kind

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 3\n"


def reported(change):
    return [(finding.kind, finding.path) for finding in check(change)]


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"}, "data/model.bin"),
        ({"data/.gitattributes": "*.bin\tfilter=lfs\n"}, "data/model.bin"),
        ({".gitattributes": "data/** filter=lfs\n"}, "data/deep/model.bin"),
        ({".gitattributes": "/secrets.env filter=git-crypt diff=git-crypt\n"}, "secrets.env"),
        ({".gitattributes": "*.ipynb filter=nbstripout\n"}, "study.ipynb"),
    ],
)
def test_a_filter_that_did_not_run_is_told(world, attributes, name):
    assert reported(world.change(attributes, {**attributes, name: "bytes\n"})) == [(Kind.TOOL, name)]


@pytest.mark.parametrize(
    ("attributes", "name", "text"),
    [
        ("*.bin filter=lfs\n", "model.bin", POINTER),
        ("*.bin filter=lfs\nsmall.bin -filter\n", "small.bin", "bytes\n"),
        ("*.bin filter=lfs\n", "model.txt", "bytes\n"),
        ("*.py text eol=lf\n", "a.py", "x = 1\n"),
    ],
)
def test_other_files_are_nothing(world, attributes, name, text):
    before = {".gitattributes": attributes}
    assert reported(world.change(before, {**before, name: text})) == []


def test_a_deleted_file_needs_no_filter(world):
    attributes = {".gitattributes": "*.bin filter=lfs\n"}
    assert reported(world.change({**attributes, "a.bin": "x\n"}, {**attributes, "a.bin": None})) == []
