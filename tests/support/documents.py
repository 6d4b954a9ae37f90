"""The documents that users read, and their parts: the README, and what stands in ``.github`` for details."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / ".github").glob("*.md")))
}
"""The text of each document by its path from the repository's root."""


def document(name: str) -> str:
    """Return the text of a document in ``.github``."""
    return DOCUMENTS[f".github/{name}"]


def section(heading: str, text: str = README) -> str:
    """Return what stands between a heading and the next one of any level; "" is what stands before all headings."""
    below = (
        text.partition("\n")[2]
        if not heading
        else re.split(rf"^##+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    )
    return re.split(r"^##+ ", below, maxsplit=1, flags=re.MULTILINE)[0]


def blocks(language: str, heading: str, text: str = README) -> list[str]:
    """Return the code blocks in ``language`` of a section."""
    return re.findall(rf"^```{language}\n(.*?)^```$", section(heading, text), re.DOTALL | re.MULTILINE)


def example(language: str, heading: str, text: str = README) -> str:
    """Return the single code block in ``language`` of a section."""
    [block] = blocks(language, heading, text)
    return block
