"""A next release, made of this one: what the guides allow a release to change, all at once.

Two optional fields of the person, one of them with a default in the commands; a new stored schema version of an event;
a field in the record of generations; and one in the events that a consumer holds.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.deployment import PACKAGES
from local.environments import ROOT

_STORED: Final = "    phone: str | None = None\n    newsletter: str | None = None\n"
_ACCEPTED: Final = '    phone: str | None = None\n    newsletter: str = "no"\n'
_OF_A_CHANGE: Final = (
    '    """The customer\'s data was replaced. It may equal the old data, as some commands always leave an event."""\n'
)
# File -> what is there once -> what a next release has there.
_CHANGES: Final[Mapping[str, Mapping[str, str]]] = {
    "events/customer.py": {
        "    country: str\n": "    country: str\n" + _STORED,
        _OF_A_CHANGE: _OF_A_CHANGE + "\n    schema_version: ClassVar[int] = 2\n",
    },
    "events/upcasters.py": {
        "STEPS: Final[Steps] = {}": 'STEPS: Final[Steps] = {("CustomerUpdated", 1): lambda data: data}'
    },
    "commands/fields.py": {"    country: Country\n": "    country: Country\n" + _ACCEPTED},
    "projections/generations.py": {"    revision: int = 0\n": "    revision: int = 0\n    later_shards: int = 16\n"},
    "consumer_kit/event.py": {"    replayed: bool = False\n": "    replayed: bool = False\n    later_epoch: int = 7\n"},
}


def next_release(folder: Path) -> Path:
    """Write the sources of a next release into a folder, and return it."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, changes in _CHANGES.items():
        text = (folder / name).read_text()
        for before, after in changes.items():
            assert text.count(before) == 1, f"{name} has {text.count(before)} times: {before}"
            text = text.replace(before, after)
        (folder / name).write_text(text)
    return folder
