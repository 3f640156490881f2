"""The reader takes plain YAML only, keeps every scalar as text, and knows where each value stands."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from run_milestone.plan.yaml_reader import read

REFUSED = {
    "a: &x b": ["1:4 a: has the anchor &x, expected a value without one"],
    "a: *x": ["1:4 a: is the alias *x, expected the value itself"],
    "a: !!str b": ["1:4 a: has the tag 'tag:yaml.org,2002:str', expected a value without one"],
    "a: !x {b: c}": ["1:4 a: has the tag '!x', expected a value without one"],
    "<<: {a: b}": ["1:1 plan: has the merge key <<, expected the keys themselves"],
    "a: b\n&x c: d": ["2:1 plan: has the anchor &x, expected a value without one"],
    "a: b\nc: d\na: e": ["3:1 a: is there twice, expected only the one in line 1"],
    "a: {b: 1, 'b': 2}": ["1:11 a.b: is there twice, expected only the one in line 1"],
    "? [a, {b: c}]\n: d": ["1:3 plan: has a key that is not plain text, expected text"],
    "a: b\n---\nc: d": ["2:1 plan: holds a second document, expected exactly one"],
    "a: b\x07c": ["1:5 plan: holds the character U+0007, expected it written as an escape in double quotes"],
    "a: b\nc: ]": ["2:4 plan: is not YAML ("],
    "": ["1:1 plan: is empty, expected a mapping with id, title and phases"],
    "a: &x b\nc: *x\nd: !y e": [
        "1:4 a: has the anchor &x, expected a value without one",
        "2:4 c: is the alias *x, expected the value itself",
        "3:4 d: has the tag '!y', expected a value without one",
    ],
}


@pytest.fixture(params=["libyaml", "pure"])
def parser(request, monkeypatch):
    """Read with libyaml, and as where PyYAML was built without it."""
    if request.param == "pure":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("PyYAML has no libyaml here")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text):
    problems = [f"{p.place[0]}:{p.place[1]} {p.where}: {p.what}" for p in read(text.encode()).problems]
    assert len(problems) == len(REFUSED[text])
    assert all(line.startswith(wanted) for line, wanted in zip(problems, REFUSED[text], strict=True)), problems


@pytest.mark.usefixtures("parser")
def test_half_a_surrogate_pair_is_refused():
    assert read(b'a: "\\ud800"').problems


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("word", ["01", "08", "010", "4.10", "yes", "null", "~", "1e3", "2026-11-22", "0x1F", ""])
def test_every_scalar_is_text(word):
    assert read(f"a: {word}".encode()).value == {"a": word}


@pytest.mark.usefixtures("parser")
def test_every_value_has_its_place():
    document = read("\ufeffa: b\nc:\n  - d\n  - {e: 'f', ü: g}\n".encode())
    assert document.value == {"a": "b", "c": ["d", {"e": "f", "ü": "g"}]}
    assert document.values[("c", 0)] == (3, 5)
    assert document.values[("c", 1, "e")] == (4, 9)
    assert document.values[("c", 1, "ü")] == (4, 17)
    assert document.keys[("c", 1, "ü")] == (4, 14)
    assert document.place(("c", 1, "missing")) == (4, 5)


def test_invalid_utf8_is_refused_with_its_place():
    (problem,) = read(b"a: b\nc: \xff").problems
    assert (problem.place, problem.what) == ((2, 4), "is not UTF-8 text, expected UTF-8")


plain = st.recursive(
    st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=12,
).filter(lambda value: "<<" not in str(value))


@given(value=plain)
def test_what_yaml_writes_the_reader_reads(value):
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data):
            return True

    document = read(yaml.dump(value, Dumper=Plain, default_style='"', allow_unicode=True).encode())
    assert not document.problems
    assert document.value == value


@given(data=st.binary() | st.text("&*!<>{}[]-?:#|%@`'\" \n\tab0").map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    document = read(data)
    assert document.problems or document.value is not None
