"""The examples in the documentation."""

import re
from pathlib import Path

from commands import Failure

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLE = re.compile(r"^```(sh|python|js|ts)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def find_examples(page, section=None):
    """The languages and texts of the examples on a page, or in one section of it."""
    text = (DOCS / page).read_text()
    if section is not None:
        parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
        text = dict(zip(parts[1::2], parts[2::2])).get(section, "")
    examples = EXAMPLE.findall(text)
    if not examples:
        raise Failure(f"{page} has no examples" + (f" in a section {section}" if section else ""))
    return examples
