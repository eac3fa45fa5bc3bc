"""What the commands print: columns for people, JSON lines for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

Cell = str | int | float | bool | None


class Output:
    """Prints rows as they come, so that a long list needs no memory."""

    def __init__(self, *, as_json: bool = False, to: TextIO | None = None) -> None:
        """Choose the form.

        Args:
            as_json: One JSON object a line instead of columns.
            to: Where it goes; standard output when left out.
        """
        self.as_json = as_json
        self._to = to
        self._headed: Sequence[str] = ()

    def row(self, widths: Mapping[str, int], cells: Mapping[str, Cell]) -> None:
        """Print a row, under its headings if the row before had others.

        Args:
            widths: Each column's width in characters, in their order.
            cells: By column.
        """
        if self.as_json:
            self._line(json.dumps(dict(cells)))
            return
        if self._headed != list(widths):
            self._headed = list(widths)
            self._line(_columns({name: name.replace("_", " ").upper() for name in widths}, widths))
        self._line(_columns(cells, widths))

    def say(self, sentence: str, **facts: object) -> None:
        """Print a sentence; as JSON, the facts that it tells.

        Args:
            sentence: For people.
            **facts: For programs; without any, programs are told nothing.
        """
        if not self.as_json:
            self._line(sentence)
        elif facts:
            self._line(json.dumps(facts))

    def _line(self, text: str) -> None:
        print(text, file=self._to or sys.stdout, flush=True)


def _columns(cells: Mapping[str, Cell], widths: Mapping[str, int]) -> str:
    texts = ("" if cells.get(name) is None else str(cells[name]) for name in widths)
    return "  ".join(f"{text:<{width}}" for text, width in zip(texts, widths.values(), strict=True)).rstrip()
