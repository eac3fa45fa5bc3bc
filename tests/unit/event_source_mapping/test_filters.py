"""Filter patterns, with the semantics of Lambda's event filtering."""

import json

import pytest

from local.event_source_mapping.filters import FilterError, compile_filters

IMAGE = {
    "text": {"S": "Hello"},
    "number": {"N": "42"},
    "flag": {"BOOL": True},
    "nothing": {"NULL": True},
    "empty": {"S": ""},
    "tags": {"SS": ["red", "green"]},
    "null": None,
}
RECORD = {"eventName": "INSERT", "dynamodb": {"Keys": {"id": {"S": "1"}}, "NewImage": IMAGE}}


def matches(*patterns: object) -> bool:
    return compile_filters([json.dumps(pattern) for pattern in patterns])(RECORD)


def image(**expected: object) -> dict[str, object]:
    return {"dynamodb": {"NewImage": expected}}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["MODIFY"]}, False),
        ({"eventName": ["MODIFY", "INSERT"]}, True),
        ({"eventName": ["INSERT"]} | image(text={"S": ["Hello"]}), True),
        ({"eventName": ["INSERT"]} | image(text={"S": ["hello"]}), False),
        (image(text={"S": ["Hello"]}, number={"N": ["42"]}), True),
        (image(text={"S": ["Hello"]}, number={"N": ["43"]}), False),
        (image(flag={"BOOL": [True]}), True),
        (image(flag={"BOOL": [1]}), False),
        (image(number={"N": [42]}), False),
        (image(empty={"S": [""]}), True),
        (image(text={"S": [""]}), False),
        (image(null=[None]), True),
        (image(absent=[None]), False),
        (image(tags={"SS": ["green"]}), True),
        (image(tags={"SS": ["blue"]}), False),
        (image(text={"S": [{"prefix": "He"}]}), True),
        (image(text={"S": [{"prefix": "he"}]}), False),
        (image(text={"S": [{"suffix": "lo"}]}), True),
        (image(text={"S": [{"suffix": "He"}]}), False),
        (image(text={"S": [{"equals-ignore-case": "hELLO"}]}), True),
        (image(text={"S": [{"equals-ignore-case": "hell"}]}), False),
        (image(text={"S": [{"exists": True}]}), True),
        (image(text={"S": [{"exists": False}]}), False),
        (image(absent={"S": [{"exists": False}]}), True),
        (image(absent={"S": [{"exists": True}]}), False),
        (image(text=[{"exists": True}]), False),
        (image(text={"S": [{"anything-but": ["Bye"]}]}), True),
        (image(text={"S": [{"anything-but": "Hello"}]}), False),
        (image(text={"S": [{"anything-but": ["Bye", "Hello"]}]}), False),
        (image(text={"S": [{"anything-but": {"prefix": "He"}}]}), False),
        (image(text={"S": [{"anything-but": {"prefix": "By"}}]}), True),
        (image(absent={"S": [{"anything-but": ["x"]}]}), False),
        (image(number={"N": [{"numeric": ["=", 42]}]}), True),
        (image(number={"N": [{"numeric": [">", 41, "<=", 42]}]}), True),
        (image(number={"N": [{"numeric": [">", 42]}]}), False),
        (image(number={"N": [{"numeric": [">=", 42.5]}]}), False),
        (image(text={"S": [{"numeric": [">", 0]}]}), False),
        ({"$or": [{"eventName": ["MODIFY"]}, image(text={"S": ["Hello"]})]}, True),
        ({"$or": [{"eventName": ["MODIFY"]}, image(text={"S": ["Bye"]})]}, False),
        (image(**{"$or": [{"text": {"S": ["Bye"]}}, {"number": {"N": ["42"]}}]}), True),
        (image(**{"$or": [{"text": {"S": ["Hello"]}}]}, number={"N": ["0"]}), False),
        (image(text={"S": ["Bye", {"prefix": "H"}]}), True),
    ],
)
def test_one_pattern(pattern: object, expected: bool) -> None:
    assert matches(pattern) is expected


def test_several_patterns_are_alternatives() -> None:
    assert matches({"eventName": ["REMOVE"]}, {"eventName": ["INSERT"]})
    assert not matches({"eventName": ["REMOVE"]}, {"eventName": ["MODIFY"]})


def test_without_patterns_every_record_passes() -> None:
    assert compile_filters([])(RECORD)


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "non-empty object"),
        ("{}", "non-empty object"),
        ('{"a": "b"}', "non-empty object"),
        ('{"a": []}', "must not be empty"),
        ('{"a": [["b"]]}', "is not a value"),
        ('{"a": [{"like": "b"}]}', "unknown operator 'like'"),
        ('{"a": [{"prefix": "b", "suffix": "c"}]}', "one key"),
        ('{"a": [{"prefix": 1}]}', "expected a string"),
        ('{"a": [{"exists": "yes"}]}', "true or false"),
        ('{"a": [{"numeric": [">"]}]}', "pairs"),
        ('{"a": [{"numeric": ["!", 1]}]}', "pairs"),
        ('{"a": [{"numeric": [">", "1"]}]}', "pairs"),
        ('{"$or": {}}', "list of patterns"),
    ],
)
def test_an_invalid_pattern_is_refused_with_a_reason(pattern: str, complaint: str) -> None:
    with pytest.raises(FilterError, match=complaint):
        compile_filters([pattern])
