"""What the commands print: columns for people, JSON lines for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

Cell = str | int | float | bool | None


class Output:
    """Prints each row at once, so that a long list needs no memory."""

    def __init__(self, *, as_json: bool = False, to: TextIO | None = None) -> None:
        """
        Args:
            as_json: Whether to print one JSON object a line instead of columns.
            to: Standard output when left out.
        """
        self.as_json = as_json
        self._to = to
        self._headings: Sequence[str] = ()

    def print_row(self, widths: Mapping[str, int], cells: Mapping[str, Cell]) -> None:
        """Print a row, below its headings if the previous row had different ones.

        Args:
            widths: The width of each column in characters, in the order of the columns.
            cells: The values by column.
        """
        if self.as_json:
            self._line(json.dumps(dict(cells)))
            return
        if self._headings != list(widths):
            self._headings = list(widths)
            self._line(_columns({name: name.replace("_", " ").upper() for name in widths}, widths))
        self._line(_columns(cells, widths))

    def print_sentence(self, text: str, **facts: object) -> None:
        """Print a sentence for people, or its facts for programs.

        Args:
            text: Printed unless the output is JSON.
            **facts: Printed as one JSON object. Without facts, JSON output gets nothing.
        """
        if not self.as_json:
            self._line(text)
        elif facts:
            self._line(json.dumps(facts))

    def _line(self, text: str) -> None:
        print(text, file=self._to or sys.stdout, flush=True)


def _columns(cells: Mapping[str, Cell], widths: Mapping[str, int]) -> str:
    texts = ("" if cells.get(name) is None else str(cells[name]) for name in widths)
    return "  ".join(f"{text:<{width}}" for text, width in zip(texts, widths.values(), strict=True)).rstrip()
