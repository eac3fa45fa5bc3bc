"""The rules of an event source mapping for DynamoDB streams, one by one."""

import json

import pytest

from local.event_source_mapping.actions import Invoke, SaveCheckpoint, SendToDestination
from local.event_source_mapping.batch import PAYLOAD_LIMIT, RecordBatch
from local.event_source_mapping.outcomes import FunctionReturned, Page
from local.event_source_mapping.policy import DAY, PollingPolicy
from local.event_source_mapping.positions import ShardCheckpoint, after
from local.event_source_mapping.records import StreamRecord
from local.event_source_mapping.service import within_reader_limit
from local.event_source_mapping.settings import MappingSettings, SettingsError, parse_settings
from local.event_source_mapping.shard import ShardMachine
from tests.unit.event_source_mapping.fakes import (
    ERROR,
    NOW,
    QUEUE,
    STREAM,
    SUCCESS,
    THROTTLED,
    FakeFunction,
    FakeStream,
    World,
    failed_at,
    record,
    settings,
)


def some(count: int, first: int = 1) -> list[StreamRecord]:
    return [record(number) for number in range(first, first + count)]


def test_rule_01_the_order_of_the_stream_is_kept_for_every_item() -> None:
    records = [record(number, item) for number, item in enumerate("abacbab", start=1)]
    world = World(*records, batch_size=2, function=FakeFunction(ERROR, SUCCESS, THROTTLED)).run()
    assert world.function.got == [[1, 2], [1, 2], [3, 4], [3, 4], [5, 6], [7]]


def test_rule_02_a_parent_drains_before_its_children_retries_included() -> None:
    world = World(*some(2), function=FakeFunction(ERROR, ERROR, SUCCESS))
    world.stream.split("s", left=some(1, 10), right=some(1, 20))
    world.run()
    assert world.function.got[:3] == [[1, 2]] * 3
    assert sorted(world.function.got[3:]) == [[10], [20]]


def test_rule_02_a_shard_may_split_while_it_is_read() -> None:
    world = World(*some(2)).run()
    world.stream.split("s", left=some(1, 10), right=some(1, 20))
    world.run()
    world.stream.split("left", leaf=some(1, 30))
    world.run()
    assert world.function.got == [[1, 2], [10], [20], [30]]


def test_rule_02_children_wait_across_a_restart() -> None:
    world = World(*some(1), function=FakeFunction(rule=lambda _: ERROR))
    world.stream.split("s", child=some(1, 10))
    world.run()
    world.restart()
    world.run()
    assert {tuple(batch) for batch in world.function.got} == {(1,)}


def test_rule_02_an_expired_parent_does_not_block_its_child() -> None:
    stream = FakeStream(child=some(1, 10))
    stream.parents["child"] = "forgotten"
    assert World(stream=stream).run().function.got == [[10]]


def test_rule_02_a_parent_that_leaves_the_list_while_it_retries_still_blocks() -> None:
    world = World(*some(1), function=FakeFunction(rule=lambda _: ERROR))
    world.stream.split("s", child=some(1, 10))
    world.run()
    world.stream.unlisted.add("s")
    world.run()
    assert [10] not in world.function.got
    world.function.rule = lambda _: SUCCESS
    assert world.run().function.got[-1] == [10]


def test_rule_03_a_reader_continues_at_the_oldest_record_and_counts_the_loss() -> None:
    world = World(*some(2)).run()
    world.stream.records["s"] += some(4, 3)
    world.stream.trim("s", 4)
    world.run()
    assert world.function.got == [[1, 2], [5, 6]]
    assert world.driver.shards["s"].machine.stats.trims == 1


def test_rule_03_processed_records_are_not_read_again_after_a_trim() -> None:
    machine = ShardMachine("s", settings(), ShardCheckpoint(after("2")))
    machine.on_records(Page(tuple(some(3)), after("3"), trimmed=True), NOW)
    assert machine.next_action(NOW) == Invoke(RecordBatch("s", (record(3),)))


def test_rule_03_a_record_that_fails_for_a_day_is_discarded_despite_unlimited_retries() -> None:
    world = World(
        *some(1),
        function=FakeFunction(rule=lambda _: ERROR),
        destination=QUEUE,
        policy=PollingPolicy(retry_most=900, list_every=900),
    )
    world.run(86_000)
    assert world.destination.documents == []
    world.run(2_000)
    assert world.destination.documents[0]["requestContext"]["condition"] == "EventAgeExceeded"
    assert world.at() == 1


def test_rule_04_a_batch_never_mixes_shards() -> None:
    world = World(stream=FakeStream(a=some(3), b=some(3, 10))).run()
    assert sorted(world.function.got) == [[1, 2, 3], [10, 11, 12]]
    assert sorted(batch.shard_id for batch in world.function.batches) == ["a", "b"]


def test_rule_05_a_batch_closes_at_its_size() -> None:
    assert World(*some(5), batch_size=2).run().function.got == [[1, 2], [3, 4], [5]]


def test_rule_05_a_batch_closes_when_its_window_ends() -> None:
    world = World(*some(1), window=10.0).run(5)
    world.stream.records["s"] += some(1, 2)
    assert world.run(4).function.got == []
    assert world.run(2).function.got == [[1, 2]]
    assert world.clock.time == pytest.approx(NOW + 10, abs=1)


def test_rule_05_a_full_batch_does_not_wait_for_its_window() -> None:
    assert World(*some(3), window=10.0, batch_size=2).run(1).function.got == [[1, 2]]


def test_rule_05_a_closed_shard_does_not_wait_for_its_window() -> None:
    world = World(*some(1), window=300.0)
    world.stream.closed.add("s")
    assert world.run(1).function.got == [[1]]


def test_rule_05_a_batch_closes_at_six_megabytes_of_payload() -> None:
    world = World(*[record(number, padding=2_000_000) for number in range(1, 8)], window=5.0).run()
    assert world.function.got == [[1, 2, 3], [4, 5, 6], [7]]
    assert all(len(batch.payload) <= PAYLOAD_LIMIT for batch in world.function.batches)


def test_rule_05_the_limit_is_exact_to_the_byte() -> None:
    limit = len(RecordBatch("s", (record(1), record(2))).payload)
    exact = record(2, padding=PAYLOAD_LIMIT - limit)
    one_more = record(2, padding=PAYLOAD_LIMIT - limit + 1)
    assert World(record(1), exact).run().function.got == [[1, 2]]
    assert World(record(1), one_more).run().function.got == [[1], [2]]


def test_rule_06_latest_misses_earlier_records_and_trim_horizon_does_not() -> None:
    for starting, expected in (("LATEST", [[3]]), ("TRIM_HORIZON", [[1, 2], [3]])):
        world = World(*some(2), starting_position=starting).run()
        world.stream.records["s"] += some(1, 3)
        assert world.run().function.got == expected


def test_rule_06_latest_reads_a_later_shard_from_its_beginning() -> None:
    world = World(*some(2), starting_position="LATEST").run()
    world.stream.split("s", child=some(2, 10))
    world.restart()
    assert world.run().function.got == [[10, 11]]


def test_rule_06_latest_skips_shards_that_were_closed_at_the_start() -> None:
    stream = FakeStream(old=some(2), s=some(1, 10))
    stream.closed.add("old")
    assert World(stream=stream, starting_position="LATEST").run().function.got == []


def test_rule_07_a_crash_between_invoke_and_checkpoint_delivers_again() -> None:
    world = World(*some(2))
    world.run_until(Invoke)
    world.restart()
    assert world.run().function.got == [[1, 2], [1, 2]]


def test_rule_07_a_driver_may_deliver_again_after_success() -> None:
    again = iter([True, False])
    world = World(*some(2), batch_size=1, redeliver=lambda _: next(again)).run()
    assert world.function.got == [[1], [1], [2]]


def test_rule_07_the_result_of_the_second_delivery_counts() -> None:
    again = iter([True, False])
    world = World(*some(1), function=FakeFunction(SUCCESS, ERROR), redeliver=lambda _: next(again)).run()
    assert world.function.got == [[1]] * 3


def test_rule_08_a_third_reader_of_a_stream_is_refused_and_running_ones_stay() -> None:
    a, b, c = (MappingSettings(name, STREAM, "f") for name in "abc")
    other = MappingSettings("d", STREAM.replace("events", "other"), "f")
    assert within_reader_limit([a, b, c, other], ["c"]) == [c, a, other]


def test_rule_09_a_failed_invoke_is_retried_without_using_an_attempt() -> None:
    function = FakeFunction(THROTTLED, THROTTLED, THROTTLED, ERROR, THROTTLED, SUCCESS)
    world = World(*some(2), function=function, max_retries=1, bisect=True, destination=QUEUE, batch_size=1).run()
    assert world.function.got == [[1]] * 6 + [[2]]
    assert world.destination.documents == []


def test_rule_09_back_off_doubles_up_to_its_limit() -> None:
    policy = PollingPolicy(retry_first=1.0, retry_most=5.0)
    assert [policy.delay(failures) for failures in (1, 2, 3, 4, 10_000)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_rule_10_a_function_error_retries_the_whole_batch() -> None:
    assert World(*some(3), function=FakeFunction(ERROR)).run().function.got == [[1, 2, 3], [1, 2, 3]]


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_rule_11_n_retries_mean_n_plus_one_invokes(retries: int) -> None:
    world = World(*some(2), function=FakeFunction(rule=lambda _: ERROR), max_retries=retries).run()
    assert world.function.got == [[1, 2]] * (retries + 1)


def test_rule_11_without_a_limit_a_batch_is_retried_until_the_stream_drops_it() -> None:
    world = World(*some(2), function=FakeFunction(rule=lambda _: ERROR), max_retries=-1, bisect=True, destination=QUEUE)

    world.run(DAY - 10)
    assert len(world.function.got) > 10_000
    assert (world.destination.documents, world.checkpoints.saved) == ([], {})

    assert world.run(20).destination.ranges == [(1, 1), (2, 2)]
    assert {each["requestContext"]["condition"] for each in world.destination.documents} == {"EventAgeExceeded"}


@pytest.mark.parametrize(
    "payload",
    ["", "null", "{}", "[]", '""', '{"batchItemFailures": []}', '{"batchItemFailures": null}', '{"other": 1}'],
)
def test_rule_12_an_empty_response_is_success(payload: str) -> None:
    function = FakeFunction(FunctionReturned(payload.encode()))
    assert World(*some(2), function=function, reports_failures=True).run().function.got == [[1, 2]]


@pytest.mark.parametrize("payload", [b'{"batchItemFailures": [{"itemIdentifier": "1"}]}', b"not json", b"7"])
def test_rule_12_without_function_response_types_any_response_is_success(payload: bytes) -> None:
    assert World(*some(2), function=FakeFunction(FunctionReturned(payload))).run().function.got == [[1, 2]]


@pytest.mark.parametrize("identifier", ["", None, "99", "2x", "-2", ["2"]])
def test_rule_13_an_unusable_identifier_fails_the_whole_batch(identifier: object) -> None:
    function = FakeFunction(failed_at(2, identifier))
    assert World(*some(2), function=function, reports_failures=True).run().function.got == [[1, 2], [1, 2]]


@pytest.mark.parametrize(
    "payload", ["oops", "7", "false", '"done"', '{"batchItemFailures": "2"}', '{"batchItemFailures": [{"id": "2"}, 2]}']
)
def test_rule_13_a_malformed_response_fails_the_whole_batch(payload: str) -> None:
    function = FakeFunction(FunctionReturned(payload.encode()))
    assert World(*some(2), function=function, reports_failures=True).run().function.got == [[1, 2], [1, 2]]


def test_rule_14_the_lowest_failed_number_wins_compared_as_integers() -> None:
    function = FakeFunction(failed_at(10, 9, 11))
    world = World(*some(5, 8), function=function, reports_failures=True).run()
    assert world.function.got == [[8, 9, 10, 11, 12], [9, 10, 11, 12]]
    assert world.checkpoints.history == [("s", 8), ("s", 12)]


def test_rule_14_records_before_the_failure_are_checkpointed_at_once() -> None:
    world = World(*some(3), function=FakeFunction(failed_at(3)), reports_failures=True)
    world.run_until(SaveCheckpoint)
    world.restart()
    assert world.run().function.got == [[1, 2, 3], [3]]


def test_rule_15_the_retry_count_restarts_when_the_checkpoint_advances() -> None:
    function = FakeFunction(ERROR, failed_at(2), ERROR, SUCCESS)
    world = World(*some(2), function=function, reports_failures=True, max_retries=1).run()
    assert world.function.got == [[1, 2], [1, 2], [2], [2]]


def test_rule_15_or_it_continues_if_the_policy_says_so() -> None:
    function = FakeFunction(ERROR, failed_at(2))
    policy = PollingPolicy(restart_count_on_progress=False)
    world = World(
        *some(2), function=function, policy=policy, reports_failures=True, max_retries=1, destination=QUEUE
    ).run()
    assert world.function.got == [[1, 2], [1, 2]]
    assert world.destination.ranges == [(2, 2)]


def test_rule_16_exhaustion_discards_healthy_records_too() -> None:
    function = FakeFunction(
        rule=lambda batch: failed_at(2) if 2 in [record.order for record in batch.records] else SUCCESS
    )
    world = World(
        *some(6), function=function, batch_size=4, reports_failures=True, max_retries=1, destination=QUEUE
    ).run()
    assert world.destination.ranges == [(2, 4)]
    assert world.function.got == [[1, 2, 3, 4], [2, 3, 4], [2, 3, 4], [5, 6]]
    assert world.at() == 6


def poison(*bad: int) -> FakeFunction:
    return FakeFunction(rule=lambda batch: ERROR if {record.order for record in batch.records} & set(bad) else SUCCESS)


def test_rule_17_bisect_isolates_a_poison_record_at_no_cost_of_attempts() -> None:
    world = World(*some(4), function=poison(3), bisect=True, max_retries=1, destination=QUEUE).run()
    assert world.function.got == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [4]]
    assert world.destination.ranges == [(3, 3)]


def test_rule_17_a_partial_response_splits_at_the_returned_number() -> None:
    function = FakeFunction(failed_at(4), failed_at(5))
    policy = PollingPolicy(restart_count_on_progress=False)
    world = World(
        *some(6), function=function, policy=policy, bisect=True, reports_failures=True, max_retries=0, destination=QUEUE
    ).run()
    assert world.function.got == [[1, 2, 3, 4, 5, 6], [4, 5, 6], [5, 6]]
    assert world.destination.documents == []


def test_rule_17_a_partial_response_naming_the_first_record_is_halved() -> None:
    function = FakeFunction(failed_at(1))
    world = World(*some(4), function=function, bisect=True, reports_failures=True).run()
    assert world.function.got == [[1, 2, 3, 4], [1, 2], [3, 4]]


def test_rule_17_or_it_costs_an_attempt_if_the_policy_says_so() -> None:
    world = World(
        *some(2),
        function=FakeFunction(rule=lambda _: failed_at(1)),
        policy=PollingPolicy(halve_when_first_fails=False),
        bisect=True,
        reports_failures=True,
        max_retries=1,
    ).run()
    assert world.function.got == [[1, 2], [1, 2]]


def test_rule_18_the_destination_gets_metadata_only() -> None:
    world = World(*some(2), function=FakeFunction(rule=lambda _: ERROR), max_retries=1, destination=QUEUE).run()
    assert world.destination.documents == [
        {
            "requestContext": {
                "requestId": "request-1",
                "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:project",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 2,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": world.destination.documents[0]["timestamp"],
            "DDBStreamBatchInfo": {
                "shardId": "s",
                "startSequenceNumber": "1",
                "endSequenceNumber": "2",
                "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20Z",
                "approximateArrivalOfLastRecord": "2023-11-14T22:13:20Z",
                "batchSize": 2,
                "streamArn": STREAM,
            },
        }
    ]
    assert world.destination.documents[0]["timestamp"].startswith("2023-11-14T22:13:20.")
    assert "padding" not in json.dumps(world.destination.documents)


def test_rule_18_the_destination_has_the_document_before_the_checkpoint_moves() -> None:
    world = World(*some(1), function=FakeFunction(rule=lambda _: ERROR), max_retries=0, destination=QUEUE)
    world.run_until(SendToDestination)
    assert world.checkpoints.history == []
    world.restart()
    world.run()
    assert world.destination.ranges == [(1, 1), (1, 1)]


def test_rule_18_an_unreachable_destination_blocks_the_shard() -> None:
    world = World(*some(2), function=FakeFunction(ERROR), max_retries=0, destination=QUEUE, batch_size=1)
    world.destination.away = 10_000
    world.run(3_600)
    assert (world.function.got, world.checkpoints.history) == ([[1]], [])
    world.destination.away = 0
    world.run()
    assert (world.function.got, world.destination.ranges) == ([[1], [2]], [(1, 1)])


def test_rule_19_the_expired_prefix_is_dropped() -> None:
    records = [record(1, arrived=NOW - 200), record(2, arrived=NOW - 101), record(3), record(4, arrived=NOW - 300)]
    world = World(*records, max_record_age=100, destination=QUEUE).run()
    assert world.function.got == [[3, 4]]
    assert world.destination.ranges == [(1, 2)]
    document = world.destination.documents[0]
    assert document["requestContext"]["condition"] == "EventAgeExceeded"
    assert document["requestContext"]["approximateInvokeCount"] == 0
    assert "responseContext" not in document


def test_rule_19_age_also_ends_retries_and_throttles() -> None:
    for answer in (ERROR, THROTTLED):
        world = World(*some(1), function=FakeFunction(rule=lambda _, a=answer: a), max_record_age=60, destination=QUEUE)  # type: ignore[misc]
        world.run(59)
        assert world.destination.documents == []
        assert world.run(10).destination.ranges == [(1, 1)]


def test_rule_20_tumbling_windows_are_refused() -> None:
    entry = {"UUID": "m", "EventSourceArn": STREAM, "FunctionArn": "f", "StartingPosition": "LATEST"}
    with pytest.raises(SettingsError, match="mapping m: TumblingWindowInSeconds"):
        parse_settings(entry | {"TumblingWindowInSeconds": 30})


def test_filtered_records_never_reach_the_function_and_count_as_processed() -> None:
    records = [record(number, item) for number, item in enumerate("abab", start=1)]
    pattern = json.dumps({"dynamodb": {"Keys": {"customer_id": {"S": ["a"]}}}})
    world = World(*records, patterns=(pattern,)).run()
    assert world.function.got == [[1, 3]]
    assert world.at() == 4


def test_an_unreachable_stream_is_retried_and_its_end_is_reported_too() -> None:
    world = World(*some(1))
    world.stream.away = 3
    assert world.run().function.got == [[1]]
    assert world.problems[0] == ("stream", "connection refused")
    assert world.problems[-1][1] is None


def test_a_checkpoint_that_cannot_be_saved_blocks_the_shard() -> None:
    world = World(*some(2), batch_size=1)
    world.checkpoints.broken = 5
    assert world.run().function.got == [[1], [2]]
    assert world.checkpoints.history == [("s", 1), ("s", 2)]


def test_a_restarted_mapping_continues_from_its_checkpoint() -> None:
    world = World(*some(2)).run()
    world.restart()
    world.stream.records["s"] += some(1, 3)
    assert world.run().function.got == [[1, 2], [3]]


def test_reading_the_next_action_changes_nothing() -> None:
    world = World(*some(3), batch_size=2)
    world.driver.step_tree()
    machine = world.driver.shards["s"].machine
    for _ in range(3):
        assert machine.next_action(NOW) == machine.next_action(NOW)
        world.driver.shards["s"].step()


def test_behind_is_the_age_of_the_oldest_unprocessed_record() -> None:
    world = World(record(1, arrived=NOW - 30), function=FakeFunction(rule=lambda _: THROTTLED)).run(10)
    assert world.driver.shards["s"].machine.behind(NOW + 10) == 40
    world.function.rule = lambda _: SUCCESS
    world.run(10)
    assert world.driver.shards["s"].machine.behind(NOW + 20) == 0


def test_settings_used_here_are_the_defaults_of_aws() -> None:
    assert (settings().batch_size, settings().window, settings().max_retries) == (100, 0, -1)
