"""The picture of a terminal in the README: which lines of a run it shows, and how it is drawn."""

import io
import re
from xml.etree import ElementTree as ET

from support.pages import CHECKOUT

PICTURE = CHECKOUT / "docs/_static/demo.svg"
COMMAND = "$ run-milestone demo"
LEFT_OUT = "⋮"
PIECES = (
    ("Issue #03: ", "✓ PR #"),
    ("🛑 Code review: 2 issues", "✓ Fix committed"),
    ("✓ Tests: ", "✓ No issues found"),
    ("🛑 Breaking schema", "✓ PR #"),
    ("✓ Phase 2 complete", "continue | skip-phase | abort"),
)
"""What is shown of a run, each piece from its first line to its last, in this order."""
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def select(printed):
    """Return the lines of a run that the picture shows; every player is called ada."""
    lines = [line for line in printed.splitlines() if line.strip() and not line.startswith("═")]
    shown, at = [COMMAND], 0
    for first, last in PIECES:
        end = at
        start = next(index for index in range(end, len(lines)) if lines[index].startswith(first))
        at = next(index for index in range(start, len(lines)) if lines[index].startswith(last)) + 1
        shown += [*([LEFT_OUT] if start > end else []), *lines[start:at]]
    return [re.sub(r" by \w+: ", " by ada: ", line) for line in shown]


def draw(lines):
    """Return the picture of these lines as SVG."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=max(map(cell_len, lines)) + 1, file=io.StringIO())
    for line in lines:
        console.print(Text(line, style="bold" if line == COMMAND else ""))
    return console.export_svg(title="run-milestone", code_format=FRAME, unique_id="demo")


def read(svg):
    """Return the lines of text that a picture shows."""
    lines = {}
    for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        if "clip-path" in text.attrib:
            lines.setdefault(text.attrib["y"], []).append(text.text or "")
    return [line for parts in lines.values() if (line := "".join(parts).replace("\xa0", " ").rstrip())]
