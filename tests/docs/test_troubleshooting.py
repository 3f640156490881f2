"""The messages that the troubleshooting page explains are those of the program."""

import ast
import re

import pytest
from support.pages import CHECKOUT, read

MESSAGES = re.findall(r"^\| (`+)(.+?)\1 \|", read("docs/troubleshooting.md"), re.MULTILINE)


@pytest.fixture(scope="module")
def printed():
    """Every text in the program, with `…` for what is put in, one a line."""
    files = (CHECKOUT / "tasks/run_milestone").rglob("*.py")
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in files)
    return "\n".join(text for tree in trees for node in ast.walk(tree) if (text := text_of(node)))


def text_of(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    return None


@pytest.mark.parametrize("message", [message for _, message in MESSAGES])
def test_the_program_has_this_message(printed, message):
    pattern = re.escape(message).replace("…", "[^\n]*")
    assert re.search(pattern, printed)
