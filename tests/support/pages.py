"""The pages of the documentation: their blocks, headings and links, and how a block of shell is run."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
NOTE = re.compile(r"<!-- (?P<note>[^>]*?) -->\s*\Z")
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
MARK = "---- next ----"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with the comment on the line before it."""

    page: str
    line: int
    language: str
    text: str
    note: str

    def __str__(self):
        return f"{self.page}:{self.line}"

    def is_shell(self):
        return self.language in {"sh", "shell", "bash", "console"}

    def commands(self):
        """What a block of console runs: each command with the lines that have to be in its output."""
        _, *parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)
        for part in parts:
            command, _, output = re.sub(r"\n> ", "\n", part).partition("\n")
            while command.endswith("\\"):
                more, _, output = output.partition("\n")
                command += f"\n{more}"
            yield command, output


def pages():
    """The Markdown files that people read, by their path in the checkout."""
    top = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
    below = sorted((CHECKOUT / "docs").rglob("*.md"))
    return [*top, *(str(path.relative_to(CHECKOUT)) for path in below if "_build" not in path.parts)]


def read(page):
    return (CHECKOUT / page).read_text(encoding="utf-8")


def blocks(page):
    """The fenced blocks of a page, in order."""
    text = read(page)
    for match in FENCE.finditer(text):
        note = NOTE.search(text[: match.start()])
        body = re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
        line = text.count("\n", 0, match.start()) + 1
        yield Block(page, line, match["language"], body, note["note"] if note else "")


def block(page, name):
    """The one block of a page that a test runs under this name."""
    (only,) = (one for one in blocks(page) if one.note.startswith("run: tests/") and one.note.endswith(f" {name}"))
    return only.text


def prose(page):
    """A page without its fenced blocks and code."""
    return re.sub(r"`[^`\n]+`", "", FENCE.sub("", read(page)))


def anchors(page):
    """What a link to a heading of this page can end in, as GitHub and the site spell it."""
    for title in re.findall(r"^#+ +(.+)$", FENCE.sub("", read(page)), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        yield re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")


def links(page):
    """The links of a page to other files of the checkout: path and anchor."""
    for match in LINK.finditer(prose(page)):
        target = match["target"]
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def matches(shown, printed):
    """Whether output holds the lines shown, one below the other; `…` stands for any text, and alone for any lines."""
    wanted = [re.escape(line.strip()).replace("…", ".*") for line in shown.splitlines() if line.strip()]
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    pattern = "".join(r"(?:[^\n]*\n)*?" if line == ".*" else f"{line}\n" for line in wanted)
    return re.search(f"^{pattern}", "\n".join([*lines, ""]), re.MULTILINE) is not None


@dataclass
class Shell:
    """A shell that keeps its folder between the blocks of a page."""

    folder: Path
    env: dict

    def runs(self, block):
        """Run a block; returns each command with what is shown of its output and what it printed."""
        if block.language == "console":
            return self._session(list(block.commands()))
        done = self._shell(f"set -eu\n{block.text}")
        assert done.returncode == 0, f"{block}: exit code {done.returncode}\n{done.stdout}"
        return []

    def _session(self, commands):
        script = "".join(f"{command}\nprintf '\\n{MARK}\\n'\n" for command, _ in commands)
        printed = self._shell(script).stdout.split(f"{MARK}\n")
        return [(command, shown, out) for (command, shown), out in zip(commands, printed, strict=False)]

    def _shell(self, script):
        keep = 'trap \'code=$?; pwd > "$KEEP"; exit "$code"\' EXIT\n'
        place = self.folder.parent / "cwd"
        here = place.read_text().strip() if place.exists() else str(self.folder)
        return subprocess.run(
            ["sh", "-c", keep + script], cwd=here, env={**self.env, "KEEP": str(place)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
        )  # fmt: skip

    def writes(self, name, text):
        """Write a block to a file, as the page says to."""
        place = self.folder.parent / "cwd"
        path = Path(place.read_text().strip() if place.exists() else self.folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def on_path(*folders):
    """PATH with these folders and the programs of this environment first."""
    return ":".join([*map(str, folders), str(Path(sys.executable).parent), "/usr/bin", "/bin"])
