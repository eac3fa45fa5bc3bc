"""What each recovery command takes at size: its time and its peak memory, on Amazon's DynamoDB Local.

python -m benchmarks.recovery --customers 100000 --notes 1000 --parked 10000
python -m benchmarks.recovery --only lost-batches redrive

Each command runs in a process of its own, against tables with all customers. The queues and the bus are in that
process: SQS and EventBridge are not what is measured. `load` is the machine's mean load while the command ran.
The exit status is 1 if a command failed or took more memory than `MOST_MEGABYTES`.
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import operations.__main__ as program
from benchmarks import recovery_data as data
from benchmarks.consumed_units import without_streams
from benchmarks.recovery_queues import AcceptingBus, Queue
from consumer_kit.dead_letters import DeadLetters
from events.dynamodb_erasures import DynamoDbErasureLog, DynamoDbErasures
from events.dynamodb_store import DynamoDbEventStore
from local.tools import dynamodb_local
from operations.jobs.claims.dynamodb_table import DynamoDbClaims
from operations.jobs.failure_queue import FailureQueue
from operations.stack import Stack
from projections.dynamodb_generations import DynamoDbGenerations
from projections.dynamodb_read_model import DynamoDbReadModel
from projections.maintenance.dynamodb_progress import DynamoDbProgress
from publisher.publish_failures import PublishFailure

MOST_MEGABYTES: Final = 256
WORKERS: Final = "4"
_SECONDS_BETWEEN_LOADS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to recover."""

    customers: int
    notes: int
    parked: int


def lost_batches(size: Size, count: int) -> Iterator[str]:
    """Notes of lost batches, spread over the outage."""
    first, last = data.outage()
    for number in range(count):
        at = (first + (last - first) * number / count).isoformat()
        until = (first + (last - first) * number / count + timedelta(seconds=10)).isoformat()
        times = {"approximateArrivalOfFirstRecord": at, "approximateArrivalOfLastRecord": until}
        yield json.dumps({"DDBStreamBatchInfo": {"shardId": f"shard-{number % 4}", "batchSize": size.notes, **times}})


def letters(size: Size, count: int) -> Iterator[str]:
    """Notes of single events that were not published."""
    for customer_id, _ in zip(data.ids(size.customers), range(count), strict=False):
        yield PublishFailure(customer_id, 1, "", "the bus refuses it").to_json()


def rejections(size: Size, count: int) -> Iterator[str]:
    """Dead letters of a consumer with their data, as SQS moves them."""
    for customer_id, _ in zip(data.ids(size.customers), range(count), strict=False):
        event = {"source": "urn:customers-api:s", "type": "customers.CustomerCreated", "id": "e", "sequence": "1",
                 "subject": customer_id, "time": "2026-05-17T09:30:01.000000Z", "data": {}}  # fmt: skip
        yield json.dumps({"detail": event})


def stack(endpoint: str, failures: Queue, unpublished: Queue) -> Stack:
    """The commands' stack on DynamoDB Local."""
    client, tables = dynamodb_local.client(endpoint), data.names()
    queues: Any = (failures, unpublished)
    log = DynamoDbErasureLog(client, tables["ErasureLogTable"])
    unused: Any = None
    return Stack(
        store=DynamoDbEventStore(client, tables["EventTable"]),
        claims=DynamoDbClaims(client, tables["ClaimsTable"], tables["EventTable"]),
        erasures=DynamoDbErasures(client, tables["ErasuresTable"], log),
        erasure_log=log,
        read_model=DynamoDbReadModel(client, tables["ReadTable"]),
        generations=DynamoDbGenerations(client, tables["ReadTable"]),
        progress=DynamoDbProgress(client, tables["ReadTable"]),
        health=unused,
        count_events=lambda: client.describe_table(TableName=tables["EventTable"])["Table"]["ItemCount"],
        failures=FailureQueue(queues[0], f"{Queue.meta.endpoint_url}/123456789012/failures"),
        unpublished=FailureQueue(queues[1], f"{Queue.meta.endpoint_url}/123456789012/unpublished"),
        bus=AcceptingBus(),
        event_source="urn:customers-api:s",
        bus_arn="arn:aws:events:eu-west-1:123456789012:event-bus/s",
        versions=unused,
        tables=tables,
        control=unused,
        parameters=unused,
    )


def run(endpoint: str, words: str, failures: Queue | None = None, unpublished: Queue | None = None) -> int:
    """Run a command of operators."""
    connected = stack(endpoint, failures or Queue(), unpublished or Queue())
    return program.main(words.split(), lambda *_: connected)


def redrive_consumer(_: str, size: Size) -> int:
    """Do what `python -m consumer_kit redrive` does."""
    queue: Any = Queue(rejections(size, size.notes))
    for letter in DeadLetters(queue, "dead").redrive("live"):
        print(f"{letter.message_id}  {letter.description}: {letter.reason}", flush=True)
    return 0 if (queue.sent, queue.messages) == (size.notes, {}) else 1


@dataclass(frozen=True, slots=True)
class Measured:
    """A command that is measured.

    Attributes:
        words: What the table calls it.
        run: Runs it, and returns its exit status.
        needs: The names of the commands that have to run before it.
        prepare: Makes what there is to recover.
    """

    words: str
    run: Callable[[str, Size], int]
    needs: tuple[str, ...] = ()
    prepare: Callable[[str, Size], None] = lambda *_: None


COMMANDS: Final[dict[str, Measured]] = {
    "rebuild": Measured("rebuild all", lambda on, _: run(on, f"rebuild all --workers {WORKERS} --shards 16")),
    "verify": Measured("verify", lambda on, _: run(on, f"verify --workers {WORKERS}"), ("rebuild",)),
    "verify-claims": Measured("verify claims", lambda on, _: run(on, f"verify claims --workers {WORKERS}")),
    "backfill": Measured(
        "backfill", lambda on, _: run(on, f"backfill --queue orders --rate 1000000 --workers {WORKERS}")
    ),
    "lost-batches": Measured(
        "redrive-failures (lost batches)",
        lambda on, size: run(
            on, f"redrive-failures --go --workers {WORKERS}", failures=Queue(lost_batches(size, size.notes))
        ),
        ("rebuild",),
        lambda on, size: data.lose_rows(on, size.customers, size.customers // 5),
    ),
    "unpublished-batches": Measured(
        "redrive-failures (unpublished batches)",
        lambda on, size: run(
            on, f"redrive-failures --go --workers {WORKERS}", unpublished=Queue(lost_batches(size, size.notes))
        ),
    ),
    "unpublished-events": Measured(
        "redrive-failures (unpublished events)",
        lambda on, size: run(
            on, f"redrive-failures --go --workers {WORKERS}", unpublished=Queue(letters(size, size.notes))
        ),
    ),
    "parked": Measured(
        "parked",
        lambda on, _: run(on, "parked"),
        ("rebuild",),
        lambda on, size: data.park(on, size.customers, size.parked),
    ),
    "redrive": Measured(
        "redrive",
        lambda on, _: run(on, f"redrive --go --workers {WORKERS}"),
        ("rebuild",),
        lambda on, size: data.park(on, size.customers, size.parked),
    ),
    "consumer-redrive": Measured("consumer_kit redrive", redrive_consumer),
}


def peak_megabytes() -> float:
    """The most memory that this process has had at any moment, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    raise RuntimeError("/proc/self/status has no VmHWM: this benchmark needs Linux")


def measure(command: str, endpoint: str, size: Size) -> dict[str, Any]:
    """Run one command in this process. Its output goes to a file in memory of which the last line is kept."""
    started, cpu, printed = time.perf_counter(), time.process_time(), LastLine()
    with contextlib.redirect_stdout(printed):
        status = COMMANDS[command].run(endpoint, size)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return {"status": status, "seconds": seconds, "cpu": cpu, "megabytes": peak_megabytes(), "said": printed.last}


class LastLine(io.TextIOBase):
    """Keeps the last two lines that were written."""

    def __init__(self) -> None:
        self.last = ""
        self._lines = ["", ""]

    def write(self, text: str) -> int:
        """See `io.TextIOBase`."""
        for line in filter(str.strip, text.splitlines()):
            self._lines = [self._lines[1], line.strip()]
            self.last = " | ".join(filter(None, self._lines))
        return len(text)


def in_its_own_process(command: str, endpoint: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run one command in a new process."""
    sizes = [f"--{name}={getattr(arguments, name)}" for name in ("customers", "notes", "parked")]
    words = [sys.executable, "-m", "benchmarks.recovery", *sizes, "--endpoint", endpoint, "--one", command]
    process, loads = subprocess.Popen(words, stdout=subprocess.PIPE, text=True), []
    while True:
        loads.append(os.getloadavg()[0])
        with contextlib.suppress(subprocess.TimeoutExpired):
            printed, _ = process.communicate(timeout=_SECONDS_BETWEEN_LOADS)
            break
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)
    result: dict[str, Any] = json.loads(printed)
    return {**result, "load": fmean(loads)}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--notes", type=int, default=1_000)
    parser.add_argument("--parked", type=int, default=10_000, help="how many of the customers are parked")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=COMMANDS,
        default=list(COMMANDS),
        metavar="NAME",
        help=f"measure only these commands, and run what they need: {', '.join(COMMANDS)} (default: all)",
    )
    parser.add_argument("--endpoint", help=argparse.SUPPRESS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    size = Size(arguments.customers, arguments.notes, arguments.parked)
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments.endpoint, size)))
        return 0
    return measure_all(arguments, size)


def chosen(only: Sequence[str]) -> dict[str, bool]:
    """The names of the commands to run, in the order of `COMMANDS`, and whether each one is measured."""
    needed = {name for each in only for name in COMMANDS[each].needs}
    return {name: name in only for name in COMMANDS if name in only or name in needed}


def measure_all(arguments: argparse.Namespace, size: Size) -> int:
    """Measure the commands, each in its own process. Returns 1 if one failed or took too much memory."""
    bad = 0
    with dynamodb_local.running(without_streams()) as endpoint:
        started = time.perf_counter()
        data.seed(endpoint, size.customers)
        print(f"{size.customers:,} customers seeded in {time.perf_counter() - started:.0f} s", flush=True)
        print(f"{'':<40}{'seconds':>9}{'CPU s':>8}{'MB':>6}{'load':>6}  result", flush=True)
        for name, is_measured in chosen(arguments.only).items():
            COMMANDS[name].prepare(endpoint, size)
            found = in_its_own_process(name, endpoint, arguments)
            bad += found["status"] != 0 or found["megabytes"] > MOST_MEGABYTES
            if is_measured:
                print(_line(COMMANDS[name].words, found), flush=True)
    return 1 if bad else 0


def _line(words: str, found: Mapping[str, Any]) -> str:
    figures = f"{found['seconds']:>9.1f}{found['cpu']:>8.1f}{found['megabytes']:>6.0f}{found['load']:>6.1f}"
    return f"{words:<40}{figures}  {found['status']}: {found['said']}"


if __name__ == "__main__":
    sys.exit(main())
