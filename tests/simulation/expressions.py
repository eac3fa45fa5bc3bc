"""DynamoDB's expressions, as far as our code uses them. Any other expression raises at once."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final, NamedTuple

from tests.simulation.signals import NotSimulated

Item = dict[str, Any]
Values = Mapping[str, Any]
Condition = Callable[[Item, Values], bool]
Update = Callable[[Item, Values], Item]

_COMPARE: Final = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_EXISTS: Final = re.compile(r"(attribute_exists|attribute_not_exists)\((#?\w+)\)")
_COMPARISON: Final = re.compile(r"(#?\w+) (=|<>|<=|>=|<|>) (:\w+)")
_BEGINS: Final = re.compile(r"begins_with\((#?\w+), (:\w+)\)")
_ASSIGNMENT: Final = re.compile(r"(#?\w+) = (:\w+)")
_ADDITION: Final = re.compile(r"(#?\w+) (:\w+)")
_CLAUSE: Final = re.compile(r"(SET|REMOVE|ADD) (.+?)(?= SET | REMOVE | ADD |$)")
_INSERT: Final = re.compile(r'INSERT INTO "([\w-]+)" VALUE \{(.+)\}')
_UPDATE: Final = re.compile(r'UPDATE "([\w-]+)"((?: +SET \w+=\?| +REMOVE \w+)+) +WHERE (.+)')
_EQUAL: Final = re.compile(r"(\w+)=\?|\((\w+)=\? OR \2 IS MISSING\)")
_FIELD: Final = re.compile(r"'(\w+)': \?")


def value_of(attribute: Mapping[str, Any]) -> Any:
    """An attribute value as a comparable Python value."""
    if "S" in attribute:
        return attribute["S"]
    if "N" in attribute:
        return int(attribute["N"])
    raise NotSimulated(f"a comparison of {attribute}")


@lru_cache(maxsize=256)
def condition(text: str, names: tuple[tuple[str, str], ...] = ()) -> Condition:
    """Parse a condition without parentheses. OR binds weaker than AND."""
    alternatives = [[_term(term.strip(), dict(names)) for term in part.split(" AND ")] for part in text.split(" OR ")]
    if len(alternatives) == 1 and len(alternatives[0]) == 1:
        return alternatives[0][0]
    if len(alternatives) == 1 and len(alternatives[0]) == 2:
        [[first, second]] = alternatives
        return lambda item, values: first(item, values) and second(item, values)
    return lambda item, values: any(all(term(item, values) for term in terms) for terms in alternatives)


def _term(text: str, names: Mapping[str, str]) -> Condition:
    if found := _EXISTS.fullmatch(text):
        wanted, name = found[1] == "attribute_exists", _name(found[2], names)
        return lambda item, _: (name in item) is wanted
    if found := _COMPARISON.fullmatch(text):
        return _comparison(_name(found[1], names), _COMPARE[found[2]], found[3])
    if found := _BEGINS.fullmatch(text):
        return _beginning(_name(found[1], names), found[2])
    raise NotSimulated(f"the condition {text!r}")


def _beginning(name: str, operand: str) -> Condition:
    return lambda item, values: name in item and value_of(item[name]).startswith(value_of(values[operand]))


def _comparison(name: str, compare: Callable[[Any, Any], bool], operand: str) -> Condition:
    return lambda item, values: name in item and compare(value_of(item[name]), value_of(values[operand]))


def _name(text: str, names: Mapping[str, str]) -> str:
    return names[text] if text.startswith("#") else text


@lru_cache(maxsize=64)
def update(text: str, names: tuple[tuple[str, str], ...] = ()) -> Update:
    """Parse an update of plain SETs, REMOVEs and ADDs of numbers."""
    sets: list[tuple[str, str]] = []
    removes: list[str] = []
    adds: list[tuple[str, str]] = []
    if "".join(match[0] for match in _CLAUSE.finditer(text)).replace(" ", "") != text.replace(" ", ""):
        raise NotSimulated(f"the update {text!r}")
    for clause in _CLAUSE.finditer(text):
        for part in clause[2].split(","):
            if clause[1] == "ADD":
                adds.append(_read_addition(part.strip(), dict(names)))
            else:
                _read_part(clause[1], part.strip(), dict(names), sets, removes)

    def apply(item: Item, values: Values) -> Item:
        new = {**item, **{name: values[operand] for name, operand in sets}}
        for name in removes:
            new.pop(name, None)
        for name, operand in adds:
            new[name] = {"N": str(value_of(new.get(name, {"N": "0"})) + value_of(values[operand]))}
        return new

    return apply


def _read_addition(part: str, names: Mapping[str, str]) -> tuple[str, str]:
    found = _ADDITION.fullmatch(part)
    if found is None:
        raise NotSimulated(f"the addition {part!r}")
    return _name(found[1], names), found[2]


def _read_part(kind: str, part: str, names: Mapping[str, str], sets: list[tuple[str, str]], removes: list[str]) -> None:
    if kind == "REMOVE":
        removes.append(_name(part, names))
    elif found := _ASSIGNMENT.fullmatch(part):
        sets.append((_name(found[1], names), found[2]))
    else:
        raise NotSimulated(f"the assignment {part!r}")


@lru_cache(maxsize=64)
def key_condition(text: str) -> tuple[str, str, Condition | None]:
    """Parse a key condition: the partition key, its operand, and the condition on the sort key."""
    first, _, rest = text.partition(" AND ")
    found = _COMPARISON.fullmatch(first)
    if found is None or found[2] != "=":
        raise NotSimulated(f"the key condition {text!r}")
    return found[1], found[3], condition(rest) if rest else None


class Statement(NamedTuple):
    """A parsed PartiQL statement.

    Attributes:
        table: The table's name.
        inserts: The attributes that it inserts, in order; empty for an update.
        sets: The attributes that it sets, in order.
        removes: The attributes that it removes.
        where: The attributes that must equal the last parameters, in order, and whether each may be missing instead.
    """

    table: str
    inserts: tuple[str, ...]
    sets: tuple[str, ...]
    removes: tuple[str, ...]
    where: tuple[tuple[str, bool], ...]


@lru_cache(maxsize=256)
def statement(text: str) -> Statement:
    """Parse an INSERT of one item, or an UPDATE by equality."""
    if found := _INSERT.fullmatch(text):
        names = tuple(_FIELD.findall(found[2]))
        if ", ".join(f"'{name}': ?" for name in names) != found[2]:
            raise NotSimulated(text)
        return Statement(found[1], names, (), (), ())
    # This code wrote every simulated row, so no row lacks what it writes.
    if found := _UPDATE.fullmatch(re.sub(r"\((\w+=\?) OR \w+ IS MISSING\)", r"\1", text)):
        sets = tuple(re.findall(r"SET (\w+)=\?", found[2]))
        removes = tuple(re.findall(r"REMOVE (\w+)", found[2]))
        return Statement(found[1], (), sets, removes, tuple(map(_equality, found[3].split(" AND "))))
    raise NotSimulated(f"the statement {text!r}")


def _equality(text: str) -> tuple[str, bool]:
    found = _EQUAL.fullmatch(text)
    if found is None:
        raise NotSimulated(f"the condition {text!r}")
    return found[1] or found[2], found[1] is None
