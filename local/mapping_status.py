"""What the event source mapping's process last wrote about its problems."""

import json
import re
from typing import Final

from local.home import StackHome

# A problem of one mapping begins with the mapping's id.
_OWNED: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (.*)", re.DOTALL)


def problems_of(home: StackHome, uuid: str) -> list[str]:
    """The current problems of one mapping and of the process as a whole. Empty without a readable status file.

    Args:
        uuid: The mapping's id.
    """
    try:
        problems = [str(problem) for problem in json.loads((home.mappings / "status.json").read_text())["problems"]]
    except (OSError, ValueError, LookupError, TypeError):
        return []
    return [text for owner, text in map(_split, problems) if owner in ("", uuid)]


def _split(problem: str) -> tuple[str, str]:
    owned = _OWNED.fullmatch(problem)
    return (owned[1], owned[2]) if owned else ("", problem)
