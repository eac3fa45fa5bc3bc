"""Calculates which limit a load reaches first and what raises it, from published quotas. Nothing is measured on AWS.

    python -m benchmarks.capacity
    python -m benchmarks.capacity --requests 3000 --set ReadThrottle=3000 --set StreamParallelism=4

The mix of requests is `MIX`. Loads are compared with the settings and with AWS's default quotas; where regions differ,
with those of the smallest ones.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Final

from local.template import load_template
from projections.row import LISTING_SHARDS

MIX: Final[Mapping[str, float]] = {"get": 0.70, "list": 0.10, "create": 0.15, "update": 0.04, "erase": 0.01}
"""Share of each kind of request. The sum is 1."""

# DynamoDB developer guide, "Best practices for designing and using partition keys effectively".
PARTITION_READS: Final = 3000
PARTITION_WRITES: Final = 1000
# The same, "On-demand capacity mode": what a new table takes, and the default quota of one table.
NEW_TABLE_WRITES: Final = 4000
TABLE_WRITES: Final = 40_000
# Lambda developer guide, "Lambda quotas": executions at a time of an account that is no longer new.
CONCURRENCY: Final = 1000
# API Gateway developer guide, "Quotas": requests a second of an account in a region.
GATEWAY: Final = 10_000
# EventBridge user guide, "Quotas", of the smallest regions. us-east-1, us-west-2 and eu-west-1: 10,000 and 18,750.
PUT_EVENTS: Final = 600
INVOCATIONS: Final = 1100
# KMS developer guide, "Request quotas": symmetric operations a second, of the smallest regions.
KMS: Final = 5500

# Seconds that a function runs, as docs/reference/costs.md assumes.
SECONDS: Final[Mapping[str, float]] = {"get": 0.02, "list": 0.04, "create": 0.04, "update": 0.04, "erase": 0.06}
BATCH_EVENTS: Final = 100
# The six round trips of a projected batch, and ten PutEvents calls of ten entries, at 25 ms each.
PROJECT_SECONDS: Final = 0.15
PUBLISH_SECONDS: Final = 0.25
WINDOW_SECONDS: Final = 300
# Write units, from docs/reference/costs.md. A transaction costs twice.
EVENT_WRITES: Final[Mapping[str, float]] = {"create": 2, "update": 1, "erase": 6}
CLAIM_WRITES: Final[Mapping[str, float]] = {"create": 2, "update": 0, "erase": 2}
# An update that keeps the address costs the index `address` nothing.
ADDRESS_WRITES: Final = {"create": 1.0, "erase": 1.0}


@dataclass(frozen=True, slots=True)
class CapacitySettings:
    """What an operator can set. The defaults are those of template.yml and of AWS.

    Attributes:
        stream_shards: Shards of the event table's stream: one for each partition, four for a new table.
        listing_shards: Of the generation that queries read, `rebuild start --shards`.
        concurrency: The account's quota of executions at a time.
        table_writes: Write units a second that the tables take now. The number doubles by itself in time.
    """

    CreateThrottle: int
    UpdateThrottle: int
    EraseThrottle: int
    ReadThrottle: int
    ListThrottle: int
    AddressRateLimit: int
    TokenRateLimit: int
    StreamParallelism: int
    stream_shards: int = NEW_TABLE_WRITES // PARTITION_WRITES
    listing_shards: int = LISTING_SHARDS
    concurrency: int = CONCURRENCY
    table_writes: int = NEW_TABLE_WRITES
    put_events: int = PUT_EVENTS
    invocations: int = INVOCATIONS

    @classmethod
    def defaults(cls) -> "CapacitySettings":
        """The settings of a stack that was deployed without parameters."""
        declared = load_template()["Parameters"]
        return cls(**{each.name: int(declared[each.name]["Default"]) for each in fields(cls) if each.name in declared})

    def changed(self, **values: int) -> "CapacitySettings":
        """Return the settings with other values."""
        return replace(self, **values)


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests a second, from one server with one token.

    Attributes:
        requests: All requests a second.
        mix: Share of each kind.
    """

    requests: float
    mix: Mapping[str, float] = field(default_factory=lambda: MIX)

    def rate(self, *kinds: str) -> float:
        """Requests a second of some kinds."""
        return sum(self.requests * self.mix[kind] for kind in kinds)

    @property
    def events(self) -> float:
        """Events a second: one for each write."""
        return self.rate("create", "update", "erase")

    def writes(self, units: Mapping[str, float]) -> float:
        """Write units a second."""
        return sum(self.rate(kind) * each for kind, each in units.items())


@dataclass(frozen=True, slots=True)
class CapacityLimit:
    """Something that a load may exceed.

    Attributes:
        name: What is limited.
        demand: How much of it the load needs each second, or at a time.
        capacity: How much there is.
        turn: What raises it.
    """

    name: str
    demand: float
    capacity: float
    turn: str

    @property
    def share(self) -> float:
        """Demand as a share of the capacity; above 1 the limit is exceeded."""
        return self.demand / self.capacity


def limits(traffic: Traffic, settings: CapacitySettings) -> list[CapacityLimit]:
    """Return all limits, the first that the load reaches first."""
    return sorted(_limits(traffic, settings), key=lambda limit: -limit.share)


def exceeded(traffic: Traffic, settings: CapacitySettings) -> list[CapacityLimit]:
    """Return the limits that the load exceeds, the worst first."""
    return [limit for limit in limits(traffic, settings) if limit.share > 1]


def _limits(traffic: Traffic, settings: CapacitySettings) -> Iterator[CapacityLimit]:
    yield from _front(traffic, settings)
    yield from _tables(traffic, settings)
    yield from _stream(traffic, settings)


def _front(traffic: Traffic, settings: CapacitySettings) -> Iterator[CapacityLimit]:
    for kind, name, capacity in (
        ("create", "CreateThrottle", settings.CreateThrottle),
        ("update", "UpdateThrottle", settings.UpdateThrottle),
        ("erase", "EraseThrottle", settings.EraseThrottle),
        ("get", "ReadThrottle", settings.ReadThrottle),
        ("list", "ListThrottle", settings.ListThrottle),
    ):
        yield CapacityLimit(f"throttle of {kind} requests", traffic.rate(kind), capacity, f"`{name}`")
    everything = traffic.requests
    token, address = settings.TokenRateLimit / WINDOW_SECONDS, settings.AddressRateLimit / WINDOW_SECONDS
    yield CapacityLimit("firewall, one token", everything, token, "`TokenRateLimit`, or more tokens")
    yield CapacityLimit("firewall, one address", everything, address, "`AddressRateLimit`")
    yield CapacityLimit("API Gateway, whole account", everything, GATEWAY, "quota")
    yield CapacityLimit("concurrency, whole account", _executions(traffic, settings), settings.concurrency, "quota")


def _executions(traffic: Traffic, settings: CapacitySettings) -> float:
    """Executions at a time: answers, and the batches of projector and publisher, one for each shard at most."""
    answering = sum(traffic.rate(kind) * seconds for kind, seconds in SECONDS.items())
    readers = settings.stream_shards * settings.StreamParallelism
    batches = min(readers, traffic.events * PROJECT_SECONDS) + min(readers, traffic.events * PUBLISH_SECONDS)
    return answering + batches


def _tables(traffic: Traffic, settings: CapacitySettings) -> Iterator[CapacityLimit]:
    grows = "warm throughput; it grows by itself in time"
    yield CapacityLimit("event table, write units", traffic.writes(EVENT_WRITES), settings.table_writes, grows)
    yield CapacityLimit("claims table, write units", traffic.writes(CLAIM_WRITES), settings.table_writes, grows)
    yield CapacityLimit("read table, write units", traffic.events, settings.table_writes, grows)
    yield CapacityLimit("address index, write units", traffic.writes(ADDRESS_WRITES), settings.table_writes, grows)
    listing = settings.listing_shards * PARTITION_WRITES
    yield CapacityLimit("listing index, write units", traffic.events, listing, "`rebuild start --shards`")
    batches = traffic.events / BATCH_EVENTS
    yield CapacityLimit(
        "record of generations, read units", traffic.rate("get", "list") + batches, PARTITION_READS, "no parameter"
    )


def _stream(traffic: Traffic, settings: CapacitySettings) -> Iterator[CapacityLimit]:
    readers = settings.stream_shards * settings.StreamParallelism
    for name, seconds in (("projector", PROJECT_SECONDS), ("publisher", PUBLISH_SECONDS)):
        yield CapacityLimit(f"{name}, events", traffic.events, readers * BATCH_EVENTS / seconds, "`StreamParallelism`")
    # Each entry counts as one transaction here, the safer reading of the quota.
    yield CapacityLimit("event bus, entries put", traffic.events, settings.put_events, "quota, or another region")
    # The welcome list has every event, FinishErasures those of erasures.
    delivered = traffic.events + traffic.rate("erase")
    yield CapacityLimit("event bus, deliveries", delivered, settings.invocations, "quota, or another region")
    # At most one call for each entry put and two for each message of a queue. DynamoDB keeps its keys for 5 minutes.
    yield CapacityLimit("KMS, calls", 3 * traffic.events, KMS, "quota")


def row_of(limit: CapacityLimit) -> str:
    """Return a limit as a row of a Markdown table."""
    return f"| {limit.name} | {limit.demand:,.0f} | {limit.capacity:,.0f} | {limit.share:.1f} | {limit.turn} |"


def main(words: Sequence[str]) -> int:
    """Print the limits of a load, or the rows of docs/reference/capacity.md."""
    parser = argparse.ArgumentParser("python -m benchmarks.capacity", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--requests", type=float, action="append", help="requests a second (default: 100, 1000, 10000)")
    parser.add_argument("--only", choices=MIX, help="all requests are of one kind (default: the mix)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=N", help="another setting, also repeatedly")
    options = parser.parse_args(words)
    known = {each.name for each in fields(CapacitySettings)}
    values = dict(each.split("=", 1) for each in options.set if "=" in each)
    if len(values) != len(options.set) or not set(values) <= known or not all(map(str.isdecimal, values.values())):
        parser.error(f"--set takes NAME=N with a name of {', '.join(sorted(known))} and a whole number")
    settings = CapacitySettings.defaults().changed(**{name: int(value) for name, value in values.items()})
    mix = {kind: float(kind == options.only) for kind in MIX} if options.only else MIX
    for requests in options.requests or (100, 1000, 10_000):
        print(f"\n{requests:,.0f} requests a second\n")
        for limit in limits(Traffic(requests, mix), settings):
            print(row_of(limit))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
