"""A defect must have the signature of the function that it replaces."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulation.signatures import require_stand_in


class Owner:
    limit = 7

    def method(self, first: int, second: int = 2, *, third: int) -> None: ...

    @staticmethod
    def bare(first: int) -> None: ...

    @classmethod
    def made(cls, first: int) -> None: ...


def follow(event: object, began: float) -> None: ...


@pytest.mark.parametrize(
    ("value", "replaced"),
    [
        (lambda _event, _began: None, follow),
        (lambda *_, **__: None, follow),
        (lambda _self, _first, third: third, Owner.method),
        (staticmethod(lambda _first: None), vars(Owner)["bare"]),
        (classmethod(lambda _cls, _first: None), vars(Owner)["made"]),
        (8, Owner.limit),
    ],
)
def test_a_function_with_the_same_arguments_is_accepted(value: Any, replaced: Any) -> None:
    require_stand_in(value, replaced)


@pytest.mark.parametrize(
    ("value", "replaced"),
    [
        (lambda _event: None, follow),
        (lambda _event, _began, _more: None, follow),
        (lambda _self, _first: None, Owner.method),
        (lambda: None, vars(Owner)["bare"]),
    ],
)
def test_a_function_with_other_arguments_is_refused(value: Callable[..., Any], replaced: Any) -> None:
    with pytest.raises(TypeError):
        require_stand_in(value, replaced)
