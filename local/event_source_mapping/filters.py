"""Filter patterns decide which records of a stream reach the function.

Source: AWS Lambda docs, "Control which events Lambda sends to your function", filter rule syntax. It is EventBridge's
pattern language without wildcards.
"""

import json
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

Filter: TypeAlias = Callable[[Mapping[str, object]], bool]
_Test: TypeAlias = Callable[[object], bool]


class FilterError(ValueError):
    """A pattern is invalid. The message says where."""


class _Absent:
    """The value of a key that a record does not have."""


_ABSENT: Final = _Absent()
_COMPARE: Final = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def compile_filters(patterns: Iterable[str]) -> Filter:
    """Combine patterns into one test. A record passes if any pattern matches, or if there are no patterns.

    Args:
        patterns: Patterns as JSON strings.

    Raises:
        FilterError: A pattern is invalid.
    """
    tests = [_pattern(_parsed(pattern)) for pattern in patterns]
    return lambda record: not tests or any(test(record) for test in tests)


def _parsed(pattern: object) -> object:
    try:
        return json.loads(pattern)  # type: ignore[arg-type]
    except (TypeError, ValueError) as wrong:
        raise FilterError(f"{pattern!r} is not JSON") from wrong


def _pattern(pattern: object) -> _Test:
    if not isinstance(pattern, Mapping) or not pattern:
        raise FilterError(f"a pattern must be a non-empty object, not {pattern!r}")
    tests = [_either(inner) if key == "$or" else _at_key(key, inner) for key, inner in pattern.items()]
    return lambda value: all(test(value) for test in tests)


def _either(patterns: object) -> _Test:
    if not isinstance(patterns, list) or not patterns:
        raise FilterError("$or requires a list of patterns")
    tests = [_pattern(pattern) for pattern in patterns]
    return lambda value: any(test(value) for test in tests)


def _at_key(key: str, expected: object) -> _Test:
    test = _leaf(expected) if isinstance(expected, list) else _any_element(_pattern(expected))
    return lambda value: test(value.get(key, _ABSENT) if isinstance(value, Mapping) else _ABSENT)


def _any_element(test: _Test) -> _Test:
    """A list in a record matches if one of its elements does."""
    return lambda value: any(map(test, value)) if isinstance(value, list) else test(value)


def _leaf(alternatives: Sequence[object]) -> _Test:
    if not alternatives:
        raise FilterError("a list of values must not be empty")
    tests = [_operator(item) if isinstance(item, Mapping) else _any_element(_equals(item)) for item in alternatives]
    return lambda value: any(test(value) for test in tests)


def _equals(expected: object) -> _Test:
    if isinstance(expected, list):
        raise FilterError("a list is not a value")
    # In Python, True == 1. In JSON, true and 1 differ.
    return lambda value: value == expected and isinstance(value, bool) == isinstance(expected, bool)


def _operator(rule: Mapping[str, object]) -> _Test:
    if len(rule) != 1:
        raise FilterError(f"an operator must be an object with one key, not {dict(rule)!r}")
    [(name, operand)] = rule.items()
    if name == "exists":
        return _exists(operand)
    if name not in _OPERATORS:
        raise FilterError(f"unknown operator {name!r}")
    return _any_element(_OPERATORS[name](operand))


def _exists(operand: object) -> _Test:
    if not isinstance(operand, bool):
        raise FilterError("exists requires true or false")
    # AWS Lambda docs: "exists" works on leaf values only, so an object does not count as present.
    return lambda value: (value is not _ABSENT and not isinstance(value, Mapping)) is operand


def _folded(operand: object) -> str:
    return _text(operand).casefold()


def _text(operand: object) -> str:
    if not isinstance(operand, str):
        raise FilterError(f"expected a string, not {operand!r}")
    return operand


def _ignore_case(operand: object) -> _Test:
    folded = _folded(operand)
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _prefix(operand: object) -> _Test:
    start = _text(operand)
    return lambda value: isinstance(value, str) and value.startswith(start)


def _suffix(operand: object) -> _Test:
    end = _text(operand)
    return lambda value: isinstance(value, str) and value.endswith(end)


def _anything_but(operand: object) -> _Test:
    if isinstance(operand, Mapping):
        tests = [_operator(operand)]
    else:
        tests = [_equals(value) for value in (operand if isinstance(operand, list) else [operand])]
    return lambda value: _is_scalar(value) and not any(test(value) for test in tests)


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _numeric(operand: object) -> _Test:
    if not isinstance(operand, list) or not operand or len(operand) % 2:
        raise FilterError("numeric requires pairs of a comparison and a number")
    pairs = list(zip(operand[::2], operand[1::2], strict=True))
    tests = [_comparison(sign, bound) for sign, bound in pairs]
    return lambda value: all(test(value) for test in tests)


def _comparison(sign: object, bound: object) -> _Test:
    limit = None if isinstance(bound, str) else _decimal(bound)
    if sign not in _COMPARE or limit is None:
        raise FilterError("numeric requires pairs of =, <, <=, > or >= and a number")
    compare: Callable[[Decimal, Decimal], bool] = _COMPARE[str(sign)]
    return lambda value: (number := _decimal(value)) is not None and compare(number, limit)


def _decimal(value: object) -> Decimal | None:
    """Read a JSON number or a numeric string: DynamoDB writes numbers as strings ({"N": "5"})."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


_OPERATORS: Final[Mapping[str, Callable[[object], _Test]]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "equals-ignore-case": _ignore_case,
}
