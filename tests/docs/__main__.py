"""`python -m tests.docs`: play the demo, and draw the picture of it that the README shows."""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.picture import PICTURE, draw, select


def main():
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "run_milestone", "demo", "--dir", folder]
        printed = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    PICTURE.write_text(draw(select(printed)), encoding="utf-8")
    print(f"✓ {PICTURE} drawn")


if __name__ == "__main__":
    main()
