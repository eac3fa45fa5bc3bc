"""Dead letters of the consumer have no personal data, and a redrive loses nothing that can be handled."""

import json
import time
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer_kit import (
    ERASED,
    REDACTED,
    Consumer,
    CustomerState,
    DeadLetters,
    GapPolicy,
    NotAnEvent,
    from_sqs,
    handle_batch,
)
from consumer_kit.dead_letters import describe
from consumer_kit.rejection import rejection
from consumer_kit.testing import InMemoryInbox
from tests.unit.consumer_kit.deliveries import CUSTOMER, cloud_event, envelope, event, message
from tests.unit.consumer_kit.queues import FakeSqs

BODY = json.dumps(envelope(cloud_event(2)))


def test_a_redrive_sends_every_message_back() -> None:
    sqs = FakeSqs(*(f"{number}" for number in range(25)))

    dead_letters = list(DeadLetters(cast("Any", sqs), "dead").redrive("live"))

    assert (len(dead_letters), sqs.dead, sorted(sqs.live, key=int)) == (25, {}, [str(number) for number in range(25)])


def test_a_message_that_cannot_be_sent_stays_in_the_queue() -> None:
    sqs = FakeSqs(BODY, live_works=False)

    with pytest.raises(TimeoutError):
        list(DeadLetters(cast("Any", sqs), "dead").redrive("live"))

    assert len(sqs.dead) == 1


def test_a_list_ends_and_removes_nothing() -> None:
    sqs = FakeSqs(BODY, "nonsense")

    dead_letters = list(DeadLetters(cast("Any", sqs), "dead").list())

    assert [dead_letter.description for dead_letter in dead_letters] == [
        f"CustomerUpdated version 2 of customer {CUSTOMER}",
        "body is not JSON",
    ]
    assert len(sqs.dead) == 2


def test_what_was_listed_can_be_redriven_at_once() -> None:
    sqs = FakeSqs(*(f"{number}" for number in range(10)))
    letters = DeadLetters(cast("Any", sqs), "dead")

    list(letters.list())
    assert set(sqs.released) == sqs.dead.keys()

    sqs.released.clear()
    next(iter(letters.list()))
    assert sqs.released != []


def test_a_redrive_releases_what_stays_and_nothing_that_it_has_sent() -> None:
    rejected = rejection(json.dumps(envelope(cloud_event(3))), "unsupported")
    sqs = FakeSqs(BODY, rejected)

    list(DeadLetters(cast("Any", sqs), "dead").redrive("live"))

    assert (sqs.live, list(sqs.dead), sqs.released) == ([BODY], ["1"], ["1"])


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({}, "received too often"),
        ({"reason": {"StringValue": "body is not JSON"}}, "body is not JSON"),
        ({"ERROR_CODE": {"StringValue": "NO_PERMISSIONS"}}, "NO_PERMISSIONS"),
    ],
    ids=["by SQS", "by the consumer", "by EventBridge"],
)
def test_a_dead_letter_has_a_reason_and_no_personal_data(attributes: dict[str, Any], reason: str) -> None:
    dead_letter = describe({"MessageId": "m", "Body": BODY, "MessageAttributes": attributes})

    assert dead_letter.reason == reason
    assert "ada@example.com" not in str(dead_letter)


def letters(sqs: FakeSqs, queue: str = "dead") -> DeadLetters:
    """A queue as someone reads it a second after the last message was sent."""
    return DeadLetters(cast("Any", sqs), queue, now=lambda: time.time() + 1)


def bodies(sqs: FakeSqs) -> list[dict[str, Any]]:
    return [json.loads(dead["Body"]) for dead in sqs.dead.values()]


def test_a_rejected_event_is_recorded_by_its_identity_alone() -> None:
    sqs = FakeSqs()
    delivered = cloud_event(2, correlationid="ada@example.com")

    letters(sqs).send(json.dumps(envelope(delivered)), "too new")

    named = ("type", "id", "source", "subject", "time", "dataschema", "sequence")
    assert bodies(sqs) == [{"rejected": {**{name: delivered[name] for name in named}, "reason": "too new"}}]
    [dead_letter] = letters(sqs).list()
    assert (dead_letter.customer_id, dead_letter.needs_backfill, dead_letter.reason) == (CUSTOMER, True, "too new")
    assert dead_letter.description == f"CustomerUpdated version 2 of customer {CUSTOMER}"


MARK = "Zqx"
PERSONAL = st.recursive(
    st.sampled_from([MARK, f"customers:{MARK}", f"1{MARK}"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["detail", "data", MARK]), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*cloud_event(), "detail", "Type", "Message", "rejected", MARK]), PERSONAL))
def test_a_dead_letter_has_no_personal_data_whatever_the_message_is(changes: dict[str, Any]) -> None:
    """Every value of a broken message may be a person's."""
    for body in ({**cloud_event(2), **changes}, {"detail": {**cloud_event(2), **changes}}, changes):
        assert MARK not in rejection(json.dumps(body), "broken")


@pytest.mark.parametrize("body", ["", MARK, f'"{MARK}"', f'["{MARK}"]', "[" * 100_000, '{"detail": 1}', "null"])
def test_a_message_that_is_no_event_leaves_only_its_reason(body: str) -> None:
    assert json.loads(rejection(body, "broken")) == {"rejected": {"reason": "broken"}}


def test_a_dead_letter_that_is_rejected_again_still_names_its_event() -> None:
    once = rejection(BODY, "too new")

    again = json.loads(rejection(once, "no data"))

    assert again == {"rejected": {**json.loads(once)["rejected"], "reason": "no data"}}


@pytest.mark.parametrize("event_type", [ERASED, REDACTED])
def test_a_redrive_sends_an_erasure_back_without_its_data_and_it_is_handled(event_type: str) -> None:
    sqs, inbox = FakeSqs(), InMemoryInbox()
    consumer = Consumer(inbox, lambda _: [], {})
    consumer.handle(event(1))
    letters(sqs).send(json.dumps(envelope(cloud_event(3, event_type, data={"name": "Ada"}))), "failed 100 times")

    [dead_letter] = letters(sqs).redrive("live")
    batch = handle_batch([message(body) for body in sqs.live], consumer.handle, letters(sqs))

    assert (dead_letter.needs_backfill, sqs.dead, batch.rejected) == (False, {}, {})
    assert inbox.load(CUSTOMER).erased


def test_a_redrive_ends_although_a_letter_is_rejected_again_at_once() -> None:
    """It sends back what was there when it began. What comes back meanwhile waits for the next redrive."""
    sqs = FakeSqs(*(f"{number}" for number in range(3)))
    queue = DeadLetters(cast("Any", sqs), "dead", now=lambda: time.time() - 1)
    sqs.on_live = lambda body: sqs.send_message("dead", body) if len(sqs.live) < 500 else None

    sent_back = list(queue.redrive("live"))

    assert (len(sent_back), len(sqs.live), len(sqs.dead)) == (3, 3, 3)


def test_a_list_ends_although_letters_arrive_without_end() -> None:
    sqs = FakeSqs(BODY)
    real = sqs.receive_message

    def receive_message(**options: object) -> dict[str, Any]:
        assert len(sqs.dead) < 100
        sqs.send_message("dead", BODY)
        return real(**options)

    sqs.receive_message = receive_message  # type: ignore[method-assign]

    assert len(list(DeadLetters(cast("Any", sqs), "dead", now=lambda: time.time() - 1).list())) == 1


def test_a_reading_hides_the_letters_for_a_minute_and_asks_for_what_names_their_reason() -> None:
    sqs = FakeSqs()

    assert list(letters(sqs).list()) == []

    assert sqs.received == [
        {
            "QueueUrl": "dead",
            "MaxNumberOfMessages": 10,
            "VisibilityTimeout": 60,
            "WaitTimeSeconds": 1,
            "MessageAttributeNames": ["reason", "ERROR_CODE"],
            "AttributeNames": ["SentTimestamp"],
        }
    ]


@pytest.mark.parametrize(("sent", "listed", "answers"), [(999, 1, 11), (1000, 0, 10), (None, 1, 11)])
def test_a_list_has_what_was_sent_before_it_and_ends_after_ten_answers_with_nothing_else(
    sent: int | None, listed: int, answers: int
) -> None:
    """SQS delivers some letters again before it delivers others, so one such answer is not the end."""
    sqs = FakeSqs(BODY)
    if sent:
        sqs.dead["0"]["Attributes"] = {"SentTimestamp": str(sent)}

    found = list(DeadLetters(cast("Any", sqs), "dead", now=lambda: 1.0 if sent else 0.001).list())

    assert (len(found), len(sqs.received)) == (listed, answers)


def test_letters_of_a_fifo_queue_keep_their_customer_and_none_is_taken_for_a_repeat() -> None:
    sqs = FakeSqs()
    queue = letters(sqs, "dead.fifo")
    for _ in range(2):
        queue.send(BODY, "too new")
    queue.send("nonsense", "body is not JSON")

    groups = [sent["MessageGroupId"] for sent in sqs.sent]
    ids = [sent["MessageDeduplicationId"] for sent in sqs.sent]
    assert (groups, len(set(ids))) == ([CUSTOMER, CUSTOMER, "no-customer"], 3)


def test_a_redrive_to_a_fifo_queue_names_the_customer_and_the_letter() -> None:
    sqs = FakeSqs(BODY, BODY)

    list(letters(sqs).redrive("live.fifo"))

    assert sqs.sent == [
        {"MessageGroupId": CUSTOMER, "MessageDeduplicationId": f"redrive-{number}"} for number in range(2)
    ]


def test_a_standard_queue_gets_neither_a_group_nor_an_id() -> None:
    sqs = FakeSqs(BODY)

    list(letters(sqs).redrive("live"))

    assert sqs.sent == [{}]


def test_a_redrive_keeps_a_letter_without_data_until_its_event_is_handled() -> None:
    sqs, inbox = FakeSqs(), InMemoryInbox()
    for _ in range(2):
        letters(sqs).send(BODY, "too new")
    consumer = Consumer(inbox, lambda _: [], {})
    consumer.handle(event(1))

    waiting = list(letters(sqs).redrive("live", inbox))
    assert ([each.needs_backfill for each in waiting], sqs.live, len(sqs.dead)) == ([True, True], [], 2)

    consumer.handle(event(2, replayed=True))
    assert list(letters(sqs).redrive("live")) == waiting
    assert list(letters(sqs).redrive("live", inbox)) == []
    assert sqs.dead == {}


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        (CustomerState(CUSTOMER, 9, held={11: event(11)}, waiting_since="now", revision=1), 1),
        (CustomerState(CUSTOMER, 9, revision=1), 0),
        (CustomerState(CUSTOMER, 1, erased=True, revision=1), 0),
    ],
    ids=["others wait", "handled", "erased"],
)
def test_a_letter_is_done_once_nothing_waits_for_its_event(state: CustomerState, kept: int) -> None:
    sqs, inbox = FakeSqs(), InMemoryInbox()
    inbox.save(state)
    letters(sqs).send(BODY, "too new")

    assert len(list(letters(sqs).redrive("live", inbox))) == kept


def test_a_letter_that_names_no_event_stays_and_says_so() -> None:
    sqs = FakeSqs()
    letters(sqs).send("nonsense", "body is not JSON")

    [dead_letter] = letters(sqs).redrive("live", InMemoryInbox())

    assert (dead_letter.customer_id, dead_letter.needs_backfill, len(sqs.dead)) == ("", True, 1)
    with pytest.raises(NotAnEvent):
        from_sqs(sqs.dead["0"])


def test_a_letter_of_a_broken_event_names_the_customer_for_whom_to_ask() -> None:
    sqs = FakeSqs()
    letters(sqs).send(json.dumps(envelope(cloud_event(2, sequence="two"))), "sequence is not a positive integer")

    [dead_letter] = letters(sqs).list()

    assert (dead_letter.customer_id, dead_letter.needs_backfill) == (CUSTOMER, True)
    assert dead_letter.description == f"an event of customer {CUSTOMER}"


@pytest.mark.parametrize(
    ("handled", "is_done"),
    [((1, 2), True), ((1, 1), False), ((2, 1), True), ((2, 2), True)],
    ids=["handled", "older version", "newer epoch", "newer epoch and version"],
)
def test_a_letter_of_the_first_epoch_is_done_once_handled_or_of_an_older_epoch(
    handled: tuple[int, int], *, is_done: bool
) -> None:
    sqs, inbox = FakeSqs(), InMemoryInbox()
    letters(sqs).send(BODY, "too new")
    epoch, version = handled
    Consumer(inbox, lambda _: [], {}, GapPolicy.LATEST).handle(event(version, epoch=epoch))

    assert bool(list(letters(sqs).redrive("live", inbox))) is not is_done


def test_a_letter_of_a_newer_epoch_waits_although_its_version_was_handled() -> None:
    sqs, inbox = FakeSqs(), InMemoryInbox()
    letters(sqs).send(json.dumps(envelope(cloud_event(2, epoch=2))), "too new")
    Consumer(inbox, lambda _: [], {}, GapPolicy.LATEST).handle(event(7))

    [waiting] = letters(sqs).redrive("live", inbox)

    assert waiting.needs_backfill
