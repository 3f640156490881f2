"""Read what test runners print that know no JUnit: JSON of jest, vitest and RSpec, TAP, lines of others."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from ..model import Case, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST = 8_000
"""Characters of a failure's output, from its end."""
_STATES = {
    **dict.fromkeys(("pass", "passed", "ok"), Outcome.PASSED),
    **dict.fromkeys(("fail", "failed", "FAILED"), Outcome.FAILED),
    **dict.fromkeys(("skip", "skipped", "pending", "todo", "disabled", "ignored"), Outcome.SKIPPED),
}
_RUST = re.compile(
    r"^test (?P<name>.+?)(?: - should panic)? \.\.\. (?P<state>ok|FAILED|ignored)(?:, .*)?$", re.MULTILINE
)
_RUST_OUTPUT = re.compile(r"^---- (?P<name>.+?) stdout ----\n(?P<text>(?:(?!^---- |^failures:$).*\n)*)", re.MULTILINE)
_RUST_END = re.compile(r"^test result: (?:ok|FAILED)\. ", re.MULTILINE)
_UNITTEST = re.compile(
    r"^(?P<name>\w+) \((?P<place>[\w.]+)\)(?:\n.+)? \.\.\. "
    r"(?P<state>ok|FAIL|ERROR|skipped .*|expected failure|unexpected success)$",
    re.MULTILINE,
)
_UNITTEST_OUTPUT = re.compile(
    r"^={70}\n(?:FAIL|ERROR): (?P<name>\w+) \((?P<place>[\w.]+)\).*\n(?P<text>(?:(?!^={70}$|^Ran \d).*\n)*)",
    re.MULTILINE,
)
_UNCOUNTED = {"setUpClass", "tearDownClass", "setUpModule", "tearDownModule"}
"""What unittest names as a test where it fails, and does not count."""
_UNITTEST_END = re.compile(r"^Ran (?P<count>\d+) tests? in ", re.MULTILINE)
_TAP = re.compile(r"^TAP version \d+$", re.MULTILINE)
_TAP_LINE = re.compile(
    r"^(?P<bad>not )?ok\b *\d* *(?:- )?(?P<name>[^#]*)(?:# *(?P<mark>skip|todo)\b.*)?", re.IGNORECASE
)
_SUBTEST = re.compile(r"^ *# Subtest: (?P<name>.+)$", re.MULTILINE)
_DUMP = re.compile(r"^( +)(?:expected|actual):(?: .*)?\n(?:\1 +.*\n)*", re.MULTILINE)
"""Both values of an assertion at full length; the error above them holds their difference."""
_TAPE = re.compile(r"^# tests +\d+$", re.MULTILINE)
_TAP_COUNTS = re.compile(r"# (?:tests|pass|fail|skip|todo|ok)\b", re.IGNORECASE)


class FormatError(ValueError):
    """The text is no report of a known form."""


def from_json(text: str, tree: Path) -> tuple[Case, ...]:
    """Return the tests in a report of jest, vitest or RSpec, else in lines of `go test -json`."""
    whole = _loaded(text)
    if isinstance(whole, dict) and isinstance(whole.get("testResults"), list):
        return tuple(_from_jest(whole, tree))
    if isinstance(whole, dict) and isinstance(whole.get("examples"), list):
        return tuple(_from_rspec(whole))
    return tuple(_from_go(text))


def from_output(text: str) -> tuple[Case, ...] | None:
    """Return the tests that the output of `go test -json`, `cargo test`, unittest or TAP tells of; None for any other.

    Errors: FormatError where a part of it was left out.
    """
    lines = [line for line in text.splitlines() if line.startswith('{"')]
    is_go = any('"Action":' in line and '"Package":' in line for line in lines[:5])
    is_rust = _RUST_END.search(text) is not None
    is_tap = _TAP.search(text) is not None
    if not (is_go or is_rust or is_tap):
        return _from_unittest(text)
    if "bytes left out …]" in text:
        raise FormatError("the tests printed more than can be kept; let them print less or write JUnit to `{junit}`")
    return tuple(_from_go("\n".join(lines)) if is_go else _from_rust(text) if is_rust else _from_tap(text))


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _from_jest(report: dict[str, Any], tree: Path) -> Iterator[Case]:
    for suite in _dicts(report.get("testResults")):
        path, tests = str(suite.get("name") or ""), _dicts(suite.get("assertionResults"))
        file = os.path.relpath(path, os.path.realpath(tree)) if path.startswith("/") else path
        if not tests and suite.get("status") == "failed":
            yield Case("", file, Outcome.FAILED, file, output=str(suite.get("message") or "")[-_LONGEST:])
        for test in tests:
            state = _STATES.get(str(test.get("status")), Outcome.FAILED)
            group = " > ".join(map(str, test.get("ancestorTitles") or ()))
            output = "\n".join(map(str, test.get("failureMessages") or ()))[-_LONGEST:]
            yield Case(group, str(test.get("title") or ""), state, file, output=output)


def _from_rspec(report: dict[str, Any]) -> Iterator[Case]:
    for example in _dicts(report.get("examples")):
        title, whole = str(example.get("description") or ""), str(example.get("full_description") or "")
        state = _STATES.get(str(example.get("status")), Outcome.FAILED)
        error = example.get("exception")
        output = str(error.get("message") or "")[-_LONGEST:] if isinstance(error, dict) else ""
        file = str(example.get("file_path") or "").removeprefix("./")
        yield Case(whole.removesuffix(title).strip(), title, state, file, output=output)


def _from_go(text: str) -> Iterator[Case]:
    """Yield the tests that `go test -json` tells of, and a package that did not build as one that failed."""
    output: dict[tuple[str, str], str] = {}
    tested = set[str]()
    for line in text.splitlines():
        event = _event(line)
        package, test, action = (str(event.get(key) or "") for key in ("Package", "Test", "Action"))
        if action == "output":
            output[package, test] = output.get((package, test), "")[-_LONGEST:] + str(event.get("Output") or "")
        elif action in {"pass", "fail", "skip"} and (test or (action == "fail" and package not in tested)):
            tested.add(package)
            why = output.get((package, test), "") if action == "fail" else ""
            yield Case(package if test else "", test or package, _STATES[action], output=why)


def _event(line: str) -> dict[str, Any]:
    value = _loaded(line) if line.strip() else {}
    if value is None:
        raise FormatError("one of its lines is no JSON")
    if not isinstance(value, dict):
        raise FormatError("one of its lines is no event of `go test -json`")
    return value


def _from_rust(text: str) -> Iterator[Case]:
    outputs = {match["name"]: match["text"] for match in _RUST_OUTPUT.finditer(text)}
    for match in _RUST.finditer(text):
        name = match["name"]
        group, _, title = name.rpartition("::") if " " not in name else ("", "", name)
        yield Case(group, title, _STATES[match["state"]], output=outputs.get(name, ""))


def _from_unittest(text: str) -> tuple[Case, ...] | None:
    """Return the tests of `unittest --verbose`, None where it names fewer than it ran, as without that option."""
    ends = list(_UNITTEST_END.finditer(text))
    lines = list(_UNITTEST.finditer(text))
    named = [line for line in lines if line["name"] not in _UNCOUNTED]
    if not lines or len(named) < sum(int(end["count"]) for end in ends):
        return None
    outputs = {(match["place"], match["name"]): match["text"] for match in _UNITTEST_OUTPUT.finditer(text)}
    states = {"ok": Outcome.PASSED, "expected failure": Outcome.PASSED}
    return tuple(
        Case(
            line["place"].removesuffix(f".{line['name']}"),
            line["name"],
            Outcome.SKIPPED if line["state"].startswith("skipped") else states.get(line["state"], Outcome.FAILED),
            output=outputs.get((line["place"], line["name"]), "")[-_LONGEST:],
        )
        for line in lines
    )


def _from_tap(text: str) -> Iterator[Case]:
    """Yield the tests of TAP. Where comments name tests, as tape does, their assertions count as one test.

    tape is known by the counts at its end; node's runner ends alike, and calls its comments subtests.
    """
    if _SUBTEST.search(text):
        yield from _from_subtests(text)
        return
    are_groups = _TAPE.search(text) is not None
    outcomes: dict[str, Outcome] = {}
    outputs: dict[str, str] = {}
    group = ""
    for line in text.splitlines():
        if line.startswith("# ") and not _TAP_COUNTS.match(line):
            group = line[2:].strip() if are_groups else ""
        elif match := _TAP_LINE.match(line):
            name = group or match["name"].strip()
            state = Outcome.SKIPPED if match["mark"] else Outcome.FAILED if match["bad"] else Outcome.PASSED
            outcomes[name] = max(outcomes.get(name, state), state, key=_WEIGHT.index)
            outputs[name] = outputs.get(name, "") + (f"{line}\n" if state is Outcome.FAILED else "")
        elif outcomes and line.startswith("  "):
            last = next(reversed(outcomes))
            outputs[last] += f"{line}\n" if outcomes[last] is Outcome.FAILED else ""
    yield from (Case("", name, state, output=outputs[name][-_LONGEST:]) for name, state in outcomes.items())


def _from_subtests(text: str) -> Iterator[Case]:
    """Yield the tests that hold no others, and of those that do the ones that failed by themselves."""
    names: dict[int, str] = {}
    has_failed: dict[int, bool] = {}
    """Of the tests inside of the next one to end, by depth, whether any failed."""
    cases: dict[tuple[str, str], tuple[Outcome, list[str]]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        bare = line.lstrip(" ")
        depth = (len(line) - len(bare)) // 4
        if match := _SUBTEST.match(line):
            names[depth] = match["name"].strip()
        elif (match := _TAP_LINE.match(bare)) and len(line) - len(bare) == 4 * depth:
            inner = has_failed.pop(depth + 1, None)
            has_failed[depth] = has_failed.get(depth, False) or bool(match["bad"])
            lines = [bare] if match["bad"] else []
            if inner is None or (match["bad"] and not inner):
                key = (" > ".join(names[at] for at in range(depth) if at in names), match["name"].strip())
                state = Outcome.SKIPPED if match["mark"] else Outcome.FAILED if match["bad"] else Outcome.PASSED
                known, others = cases.get(key, (state, []))
                cases[key] = (max(known, state, key=_WEIGHT.index), others + lines)
                lines = cases[key][1]
        elif lines:
            lines.append(line)
    for (group, title), (state, output) in cases.items():
        whole = "\n".join(output)
        yield Case(group, title, state, output=(_DUMP.sub("", whole) if " error:" in whole else whole)[-_LONGEST:])


_WEIGHT = (Outcome.SKIPPED, Outcome.PASSED, Outcome.FAILED)
"""What several assertions of one test come to: the last of these that any has."""
