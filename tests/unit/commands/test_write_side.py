"""What the write side passes on: metadata, responses, tokens of refusals, pauses, notes and redactions."""

import uuid
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest

from commands import fields, handling, repeats
from commands.characters import character_class, pairs
from commands.context import Context, context_of
from commands.erase_customer import EraseCustomer, erase_customer
from commands.finish_erasures import finish_erasure
from commands.handling import Decision, carry_out
from commands.http import write_response
from events.customer import Customer, CustomerErased, CustomerUpdated, Erased
from events.envelope import Event, trace_annotations
from events.history import fold
from events.store import VersionConflict
from shared.http.consistency import ConsistencyToken
from shared.http.preconditions import EntityTags, Preconditions
from shared.http.problems import Contended, PreconditionFailed, StaleVersion
from shared.http.request import parse
from shared.http.response import Response
from shared.runtime.clock import timestamp
from tests.fakes.event_store import InMemoryEventStore
from tests.samples import METADATA, START, created, erased, history, updated
from tests.unit.commands.scenario import CUSTOMER
from tests.unit.commands.test_handlers import gateway_event


def context(**changes: Any) -> Context:
    return replace(Context(START, "event-1", replace(METADATA, command_id="ours"), Preconditions()), **changes)


def state(versions: int) -> Customer:
    found = fold(history(CUSTOMER, versions))
    assert isinstance(found, Customer)
    return found


class TestContext:
    """The metadata of an event say where it comes from."""

    def test_the_request_goes_into_the_metadata(self) -> None:
        request = replace(parse(gateway_event()), trace_id="trace", segment_id="segment")
        made = context_of(request, "POST /customers", "content", START, "event-1")

        assert (made.now, made.event_id, made.keyed) == (START, "event-1", False)
        assert (made.metadata.trace_id, made.metadata.segment_id) == ("trace", "segment")
        assert (made.metadata.correlation_id, made.metadata.causation_id) == (
            request.correlation_id, request.request_id,
        )  # fmt: skip
        assert (made.metadata.actor, made.metadata.command_id) == (request.caller.subject, "event-1")

    def test_a_keyed_command_keeps_its_conditions(self) -> None:
        made = context_of(
            parse(gateway_event(Idempotency_Key="k", If_Match='"3"')), "PUT /customers/x", "content", START, "event-1"
        )

        assert made.keyed
        assert made.conditions.if_match
        assert made.by_version == {}

    def test_the_id_of_a_conditional_command_depends_on_all_that_distinguishes_it(self) -> None:
        """Two commands with one id would count as repeats of each other."""

        def id_of(*, operation: str = "PUT /customers/x", content: str = "c", subject: str = "user-1") -> str:
            request = parse(gateway_event(If_Match='"3"', subject=subject))
            made = context_of(request, operation, content, START, "event-1")
            assert made.event_id == "event-1"
            return made.by_version[3].command_id

        ids = [id_of(), id_of(operation="DELETE /customers/x"), id_of(content="d"), id_of(subject="user-2")]
        assert len(set(ids)) == 4
        assert id_of() == ids[0]
        # Released clients repeat commands across deployments, so the derivation stays.
        assert uuid.UUID(ids[0]).version == 5


class TestResponse:
    def test_a_write_answers_with_its_version_and_the_token_for_a_later_read(self) -> None:
        customer = state(2)

        assert write_response(HTTPStatus.OK, customer, CustomerUpdated, {"Location": "/x"}) == Response(
            HTTPStatus.OK,
            customer.document(),
            {"Location": "/x", "ETag": '"2"'},
            annotations=trace_annotations(CUSTOMER, 2, "CustomerUpdated"),
            read_after=ConsistencyToken(CUSTOMER, 2),
        )

    def test_an_erasure_has_no_body(self) -> None:
        answer = write_response(HTTPStatus.NO_CONTENT, Erased(CUSTOMER, 3), CustomerErased)

        assert (answer.body, answer.headers) == ("", {"ETag": '"3"'})
        assert answer.read_after == ConsistencyToken(CUSTOMER, 3)


class TestHandling:
    @pytest.mark.parametrize(
        ("conditions", "kind"),
        [
            (Preconditions(if_match=EntityTags(frozenset({'"1"'}))), StaleVersion),
            (Preconditions(if_none_match=EntityTags(frozenset({'"2"'}))), PreconditionFailed),
        ],
    )
    def test_a_refusal_has_the_token_of_the_version_that_it_was_decided_on(
        self, conditions: Preconditions, kind: type[PreconditionFailed]
    ) -> None:
        with pytest.raises(kind) as refused:
            handling._require_seen(state(2), context(conditions=conditions))

        assert refused.value.read_after == ConsistencyToken(CUSTOMER, 2)

    def test_every_attempt_that_another_writer_outran_waits_longer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        store = InMemoryEventStore()
        pauses: list[Any] = []
        for event in history(CUSTOMER, 1):
            store.append(event)
        monkeypatch.setattr(handling, "full_jitter", lambda *of: of)

        def outrun(*_: Any) -> Any:
            raise VersionConflict(CUSTOMER, 2, None)

        monkeypatch.setattr(handling, "_append", outrun)
        with pytest.raises(Contended):
            carry_out(lambda _: Decision(CustomerErased()), store, CUSTOMER, context(), pauses.append)

        limits = handling._FIRST_PAUSE_SECONDS, handling._LONGEST_PAUSE_SECONDS
        assert pauses == [(attempt, *limits) for attempt in range(handling._TRIES)]


class TestErasure:
    def test_erasing_again_notes_the_erasure_of_that_customer_at_that_time(self) -> None:
        store = InMemoryEventStore()
        store.append(created(CUSTOMER))
        store.append(erased(CUSTOMER, 2))
        store.finished(CUSTOMER)

        erase_customer(EraseCustomer(), store, CUSTOMER, context(), lambda _: None)

        assert store.noted == {CUSTOMER: timestamp(START)}

    def test_an_erasure_that_another_writer_outran_waits_before_the_next_attempt(self) -> None:
        class Outrun(InMemoryEventStore):
            """Another writer appends the version first, once."""

            def append(self, event: Event, *changes: Any) -> None:
                if event.type == CustomerErased.type() and (CUSTOMER, 2) not in self.events:
                    super().append(updated(CUSTOMER, 2))
                super().append(event, *changes)

        store, pauses = Outrun(), list[float]()
        store.append(created(CUSTOMER))

        assert erase_customer(EraseCustomer(), store, CUSTOMER, context(), pauses.append) == Erased(CUSTOMER, 3)
        assert len(pauses) == 1

    def test_the_event_of_an_erasure_carries_nothing_for_later_events(self) -> None:
        store = InMemoryEventStore()
        for event in history(CUSTOMER, 2):
            store.append(event)

        erase_customer(EraseCustomer(), store, CUSTOMER, context(), lambda _: None)

        event = store.events[CUSTOMER, 3]
        assert (event.created_at, event.recent_commands, event.unchanged) == ("", "", 0)

    def test_the_hash_is_removed_from_the_metadata_of_the_events_that_have_it_there(self) -> None:
        store = InMemoryEventStore()
        asked: list[Any] = []
        first = replace(created(CUSTOMER), hash_in_metadata=True)
        for event in (first, updated(CUSTOMER, 2), erased(CUSTOMER, 3)):
            store.append(event)

        def redact(*of: Any) -> None:
            asked.append(of)

        store.redact = redact  # type: ignore[method-assign,assignment]

        finish_erasure(store, store, CUSTOMER, lambda: True)

        assert asked == [(CUSTOMER, [2, 1], {1})]


def test_a_repeat_is_looked_for_after_the_newest_versions_that_it_names_and_before_the_newest_event() -> None:
    by_version = dict.fromkeys(range(1, 60), METADATA)

    looked = list(repeats._versions(InMemoryEventStore(), updated(CUSTOMER, 59), context(by_version=by_version)))

    assert looked == list(range(58, 40, -1))


class TestText:
    """The validators of a text, built as each field builds its own."""

    @pytest.mark.parametrize(
        ("text", "cleaned"),
        [("  a \u00a0 b  ", "a b"), ("e\u0301", "\u00e9"), ("12345", "12345"), ("  12345  ", "12345")],
    )
    def test_a_text_is_trimmed_composed_and_its_spaces_reduced(self, text: str, cleaned: str) -> None:
        check: Any = fields._text(5).func

        assert check(text) == cleaned

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "must not be empty"),
            ("  ", "must not be empty"),
            ("123456", "must have at most 5 characters"),
            ("a\tb", "control characters"),
            ("a\u200bb", "invisible"),
            ("\u3164", "must contain a visible character"),
        ],
    )
    def test_a_text_that_cannot_be_shown_is_refused(self, text: str, problem: str) -> None:
        check: Any = fields._text(5).func

        with pytest.raises(ValueError, match=problem):
            check(text)

    def test_the_published_schema_has_the_limits(self) -> None:
        schema = {"type": "string"}
        fields._schema(5, lambda: "a pattern")(schema)

        assert schema == {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "a pattern"}


class TestCharacterClasses:
    @pytest.mark.parametrize(
        ("sets", "merged"),
        [
            (["61-63 64"], [(0x61, 0x64)]),
            (["61-63 65"], [(0x61, 0x63), (0x65, 0x65)]),
            (["61-69", "62-63"], [(0x61, 0x69)]),
            (["41", "61-63", "62-7a"], [(0x41, 0x41), (0x61, 0x7A)]),
        ],
    )
    def test_ranges_are_sorted_and_merged_where_they_touch(
        self, sets: list[str], merged: list[tuple[int, int]]
    ) -> None:
        assert pairs(*sets) == merged

    def test_a_single_character_stands_alone_and_those_beyond_the_escapes_for_themselves(self) -> None:
        assert character_class("41 61-63") == "\\u0041\\u0061-\\u0063"
        assert character_class("ffff 10000 1f600-1f601") == "\\uffff-\U00010000\U0001f600-\U0001f601"
