"""The changes that a released schema allows under its version, and those that it does not."""

from typing import Any

import pytest

from contracts.events.compatibility import breaking_changes

Json = dict[str, Any]
NAME: Json = {"type": "string", "maxLength": 10}
RELEASED: Json = {
    "$id": "urn:1",
    "type": "object",
    "properties": {
        "name": NAME,
        "kind": {"enum": ["a", "b"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "place": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
    "required": ["name", "kind"],
}


def with_property(name: str, schema: Json | None, **more: Any) -> Json:
    properties = {key: value for key, value in RELEASED["properties"].items() if key != name}
    return {**RELEASED, "properties": properties | ({name: schema} if schema is not None else {}), **more}


@pytest.mark.parametrize(
    "now",
    [
        RELEASED,
        {**RELEASED, "title": "T", "description": "D", "$comment": "C", "examples": [{}], "$id": "urn:2"},
        with_property("nickname", {"type": "string"}),
        with_property("name", {**NAME, "description": "The name.", "deprecated": True}),
        {**RELEASED, "required": ["kind", "name"]},
        with_property(
            "place", {**RELEASED["properties"]["place"], "properties": {"city": {"type": "string"}, "x": {}}}
        ),
    ],
    ids=["the same", "other words", "an optional property", "words on a property", "the order", "an optional inside"],
)
def test_harmless(now: Json) -> None:
    assert breaking_changes(RELEASED, now) == []


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (with_property("tags", None), "data.tags was removed"),
        (with_property("name", {**NAME, "type": "integer"}), "data.name: type was 'string' and is 'integer'"),
        (
            with_property("name", {**NAME, "type": ["string", "null"]}),
            "data.name: type was 'string' and is ['string', 'null']",
        ),
        (with_property("name", {**NAME, "maxLength": 20}), "data.name: maxLength was 10 and is 20"),
        (with_property("name", {**NAME, "maxLength": 5}), "data.name: maxLength was 10 and is 5"),
        (with_property("name", {**NAME, "pattern": "x"}), "data.name: pattern was absent and is 'x'"),
        (with_property("name", {"type": "string"}), "data.name: maxLength was 10 and is absent"),
        (with_property("kind", {"enum": ["a", "b", "c"]}), "data.kind: enum was ['a', 'b'] and is ['a', 'b', 'c']"),
        (with_property("kind", {"enum": ["a"]}), "data.kind: enum was ['a', 'b'] and is ['a']"),
        ({**RELEASED, "required": ["name"]}, "data.kind is no longer required"),
        (
            {**RELEASED, "required": ["name", "kind", "tags"]},
            "data.tags is now required, but events of this version do not have it",
        ),
        (
            with_property("nickname", {"type": "string"}, required=["name", "kind", "nickname"]),
            "data.nickname is now required, but events of this version do not have it",
        ),
        ({**RELEASED, "additionalProperties": False}, "data: additionalProperties was absent and is False"),
        (
            with_property("tags", {"type": "array", "items": {"type": "integer"}}),
            "data.tags[]: type was 'string' and is 'integer'",
        ),
        (
            with_property("place", {"type": "object", "properties": {}, "required": []}),
            "data.place.city was removed",
        ),
    ],
)
def test_breaking(now: Json, sentence: str) -> None:
    assert breaking_changes(RELEASED, now) == [sentence]


def test_a_shared_definition_counts_like_a_property() -> None:
    released = {"$defs": {"Place": {"type": "object"}}}

    assert breaking_changes(released, {"$defs": {"Place": {"type": "string"}}}) == [
        "data.Place: type was 'object' and is 'string'"
    ]
