"""Every page can be trusted: its shell blocks run as shown, its plans are plans, its links lead somewhere."""

import os
import pwd
import re
import subprocess
import sys

import pytest
import yaml
from support.pages import CHECKOUT, Block, anchors, blocks, links, matches, pages
from support.shop import README, TUTORIAL, make_shop

from run_milestone.plan import load

SHOPS = {"README.md": README, "docs/tutorial.md": TUTORIAL}
ELSEWHERE = re.compile(r"run: (?P<test>tests/\S+\.py) (?P<name>\S+)")
PLAN = {"id": "m1", "title": "One", "phases": [{"issues": [{"number": 1, "title": "First", "criteria": ["It is"]}]}]}
ALL_BLOCKS = [block for page in pages() for block in blocks(page)]
YAML_BLOCKS = [block for block in ALL_BLOCKS if block.language == "yaml"]


def in_the_shop(page):
    return [one for one in blocks(page) if one.note == "run: shop" or one.note.startswith("write: ")]


# ---- shell --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [page for page in pages() if in_the_shop(page)])
def test_shell_blocks_print_what_is_shown(page, tmp_path):
    shell = make_shop(tmp_path, SHOPS.get(page, {}))
    wrong = []
    for block in in_the_shop(page):
        if block.note.startswith("write: "):
            shell.writes(block.note.removeprefix("write: "), block.text)
        else:
            wrong += [
                f"{block}: $ {command}\n{printed}"
                for command, shown, printed in shell.runs(block)
                if not matches(shown, as_ada(printed))
            ]
    assert not wrong, "\n\n".join(wrong)


def as_ada(printed):
    """Name who touches a file ada, as the pages do."""
    return printed.replace(f" by {pwd.getpwuid(os.getuid()).pw_name}", " by ada")


def test_shell_blocks_are_run_or_say_why_not():
    assert [str(block) for block in ALL_BLOCKS if block.is_shell() and not accounts_for_itself(block)] == []


def accounts_for_itself(block):
    """Whether the comment before a block says where it is run, or why it is not."""
    if elsewhere := ELSEWHERE.fullmatch(block.note):
        test = (CHECKOUT / elsewhere["test"]).read_text(encoding="utf-8")
        return f'"{block.page}"' in test and f'"{elsewhere["name"]}"' in test
    return block.note == "run: shop" or re.fullmatch(r"not run: .{8,}", block.note) is not None


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nb\nc\n", False),
        ("a\nc\n", "a\nb\nc\n", False),
        ("b\n", "a\nb\nc\n", True),
        ("at …/shop now\n", "at /tmp/x/shop now\n", True),
        ("at …/shop now\n", "at /tmp/x/shop later\n", False),
        ("", "anything\n", True),
    ],
)
def test_output_is_compared_line_by_line(shown, printed, same):
    assert matches(shown, printed) is same


def test_a_block_of_console_knows_commands_and_output():
    block = Block("a.md", 1, "console", "$ one\nfirst\n$ two\n\nsecond\n", "")
    assert list(block.commands()) == [("one", "first\n"), ("two", "\nsecond\n")]


# ---- plans --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", YAML_BLOCKS, ids=str)
def test_plans_shown_are_plans(block, tmp_path):
    place = tmp_path / "plans/m1/plan.yaml"
    place.parent.mkdir(parents=True)
    place.write_text(yaml.safe_dump({**PLAN, **yaml.safe_load(block.text)}), encoding="utf-8")
    assert load(place.parent).id == "m1"


# ---- links --------------------------------------------------------------------------------------------------------


def test_links_lead_somewhere():
    assert {page: bad for page in pages() if (bad := list(broken_links(page)))} == {}


def broken_links(page):
    """The links of a page to a file that is not there, or to a heading that it does not have."""
    for path, anchor in links(page):
        target = (CHECKOUT / page).parent / path if path else CHECKOUT / page
        if not target.exists() or (anchor and anchor not in anchors(str(target.resolve().relative_to(CHECKOUT)))):
            yield f"{path}#{anchor}"


def test_the_site_builds_without_warnings(tmp_path):
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--quiet", "docs", str(tmp_path / "site")]
    built = subprocess.run(
        [*command, "-d", str(tmp_path / "doctrees")], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    assert "exactly as they saw it" in (tmp_path / "site/index.html").read_text(encoding="utf-8")
