"""The id of a command: the same for every attempt of it, and different from every other command's."""

from datetime import UTC, datetime
from typing import Any

import pytest

from commands.context import Context, context_of
from events.codec import encode
from events.customer import CustomerErased
from shared.http.problems import InvalidFields, KeyReused
from shared.http.request import parse

NOW = datetime(2026, 5, 17, tzinfo=UTC)
# Not a route of ours, because a copy of the project under another name has other routes.
MADE_UP = "POST /things"


def context(
    subject: str = "user-1",
    operation: str = "POST /customers",
    content: str = "{}",
    request: str = "r",
    event_id: str = "e-1",
    **headers: str,
) -> Context:
    event: dict[str, Any] = {
        "requestContext": {"requestId": request, "authorizer": {"claims": {"sub": subject}}},
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
    }
    return context_of(parse(event), operation, content, NOW, event_id)


def command_id(**request: str) -> str:
    return context(**request).metadata.command_id


def test_a_key_identifies_the_command_whatever_else_differs() -> None:
    assert command_id(Idempotency_Key="k", request="r-1") == command_id(
        Idempotency_Key="k", request="r-2", If_Match='"3"'
    )


def test_only_a_key_makes_a_command_keyed() -> None:
    assert context(Idempotency_Key="k", If_Match='"3"').keyed
    assert not context(If_Match='"3"').keyed
    assert not context().keyed


def test_keys_are_scoped_to_the_caller_and_the_operation() -> None:
    ids = {
        command_id(Idempotency_Key="k"),
        command_id(Idempotency_Key="k", subject="user-2"),
        command_id(Idempotency_Key="k", operation="PUT c-1"),
        command_id(Idempotency_Key="K"),
    }

    assert len(ids) == 4


def test_the_parts_of_a_command_id_are_kept_apart() -> None:
    assert command_id(subject="a", operation="bc", Idempotency_Key="k") != command_id(
        subject="ab", operation="c", Idempotency_Key="k"
    )


def test_without_a_key_if_match_and_the_content_identify_the_command() -> None:
    def name(version: int = 3, **request: str) -> str:
        return context(**request).following(version).command_id

    assert name(If_Match='"3"', request="r-1", event_id="e-1") == name(If_Match='"3"', request="r-2", event_id="e-2")
    assert name(If_Match='"3"') != name(4, If_Match='"4"')
    assert name(If_Match='"3"') != name(If_Match='"3"', content="other")


def test_the_id_of_a_command_never_changes() -> None:
    """A repeat may reach a later release than the first attempt."""
    assert command_id(operation=MADE_UP, Idempotency_Key="k") == "08d4f3d3-1db5-535f-b9a4-4d98460ac6e8"
    assert context(operation=MADE_UP, If_Match='"3"').following(3).command_id == "141abff4-589b-5d53-a528-bc7e6d08c727"


def test_the_hash_of_a_command_never_changes() -> None:
    assert (
        context(operation=MADE_UP, Idempotency_Key="k").metadata.request_hash
        == "a75c028c3d16e4172f01675cd3ed74ac6aeb377647177696eedff52f32860019"
    )


def test_a_list_of_etags_identifies_one_command_for_each_version() -> None:
    several = context(If_Match='"1", W/"2", "3", "foreign", "04", "9999999999"')

    assert set(several.by_version) == {1, 3}
    assert several.following(3) == context(If_Match='"3"').following(3)


def test_with_neither_every_request_is_a_new_command_that_the_caller_cannot_name() -> None:
    assert command_id(request="r-1", event_id="e-1") == "e-1"
    assert command_id(request="r-1", event_id="e-2") == "e-2"
    assert command_id(request="r-1", event_id="e-1", If_Match="*") == "e-1"


def test_the_request_is_the_cause_of_the_event() -> None:
    assert context(request="r-1").metadata.causation_id == "r-1"


def test_the_hash_differs_by_content_and_by_command() -> None:
    def digest(**request: str) -> str:
        return context(**request).metadata.request_hash

    assert digest(Idempotency_Key="k") == digest(Idempotency_Key="k", request="other")
    assert digest(Idempotency_Key="k") != digest(Idempotency_Key="k", content="other")
    assert digest(Idempotency_Key="k") != digest(Idempotency_Key="other")


def test_the_event_of_an_earlier_attempt_is_recognised() -> None:
    first, retry = context(Idempotency_Key="k", request="r-1"), context(Idempotency_Key="k", request="r-2")
    event = encode(CustomerErased(), customer_id="c", version=1, event_id="e", occurred_at="t", metadata=first.metadata)

    assert retry.caused(event)
    assert not context(Idempotency_Key="other").caused(event)
    with pytest.raises(KeyReused):
        context(Idempotency_Key="k", content="other").caused(event)


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "a\n"])
def test_an_invalid_key_is_refused_by_name(key: str) -> None:
    with pytest.raises(InvalidFields, match="Idempotency-Key"):
        context(Idempotency_Key=key)


@pytest.mark.parametrize("name", ["If_Match", "If_None_Match"])
def test_an_invalid_condition_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidFields, match=name.replace("_", "-")):
        context(**{name: "3"})
