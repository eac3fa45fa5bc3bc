"""The steps of a how-to page, carried out on a copy of the project."""

import re
from pathlib import Path
from typing import Final

from tests.copies.project import Copy
from tests.unit.docs.pages import Page

# A change of a file that the text names, or commands: in the page's order.
_STEP: Final = re.compile(
    r"^`(?P<file>[^`\n]+)`:\n\n```diff\n(?P<diff>.*?)^```$|^```sh\n(?P<sh>.*?)^```$", re.MULTILINE | re.DOTALL
)


def apply(diff: str, file: Path) -> None:
    """Add the lines that begin with + and remove those with -. The other lines must be in one place."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if not line.startswith("+"))
    after = "".join(line[1:] for line in lines if not line.startswith("-"))
    text = file.read_text()
    assert text.count(before) == 1, f"{file.name} has {before!r} {text.count(before)} times"
    file.write_text(text.replace(before, after))


def carry_out(page: Page, copy: Copy) -> list[str]:
    """Take every step of the page. Returns the blocks that were used."""
    used = []
    for step in _STEP.finditer(page.text):
        if step["sh"]:
            copy.run("sh", "-e", "-c", step["sh"])
        else:
            apply(step["diff"], copy.root / step["file"])
        used.append(step["sh"] or step["diff"])
    return used
