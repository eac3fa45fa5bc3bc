"""All views, in the order in which the stream's events are projected into them.

A view that is added here is fed from the next deployment on. Its rows for earlier events come from a rebuild.
"""

from typing import Final

from projections.countries import COUNTRIES
from projections.customers import CUSTOMERS
from projections.view import View

VIEWS: Final[tuple[View, ...]] = (
    CUSTOMERS,
    COUNTRIES,
)


class UnknownView(Exception):
    """There is no view of a name. The message lists the names of all views."""


def view_named(name: str) -> View:
    """Return a view.

    Raises:
        UnknownView: No view has this name.
    """
    for view in VIEWS:
        if view.name == name:
            return view
    names = ", ".join(view.name for view in VIEWS)
    raise UnknownView(f"There is no view {name!r}: choose one of {names}.")
