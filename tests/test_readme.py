"""The Python of the README, and of the pages on privacy and inverse problems, runs as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = (README, ROOT / "docs" / "privacy.md", ROOT / "docs" / "inverse-problems.md")
TEXT = "".join(page.read_text(encoding="utf-8") for page in PAGES)
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)


def test_there_are_examples():
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize("block", BLOCKS)
def test_example_runs(block, capsys):
    exec(compile(block.replace("steps=1000", "steps=40"), str(README), "exec"), {})
    assert "Traceback" not in capsys.readouterr().out
