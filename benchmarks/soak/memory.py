"""The memory of the mapping service and of the functions' processes, read from Linux's process table."""

import os
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Final

from local import emulator, event_source_mapping_process
from local.home import StackHome
from local.processes import running_processes

MAPPING: Final = "mapping service"
EMULATOR: Final = "local AWS"
# A process may grow by this much between the second and the last third of its life. Python's allocator returns memory
# in arenas of 1 MB (docs.python.org/3/c-api/memory.html), so smaller steps mean nothing.
MOST_GROWTH_MEGABYTES: Final = 3.0
_EVERY_SECONDS: Final = 5.0
_MEGABYTE: Final = 1024 * 1024
_FEWEST_SAMPLES: Final = 9

Sample = tuple[float, float]
"""Seconds since the start, and resident memory in MB."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How the memory of one long-lived process developed.

    Attributes:
        first: MB, the median of the first third of the samples.
        last: MB, the median of the last third.
        growth: MB, from the median of the second third to that of the last.
        slope: MB an hour, by least squares over the last two thirds.
    """

    first: float
    last: float
    growth: float
    slope: float

    @property
    def is_flat(self) -> bool:
        """Whether the process has stopped growing."""
        return self.growth <= MOST_GROWTH_MEGABYTES


@dataclass(slots=True)
class Memory:
    """Samples of each process.

    Attributes:
        functions: The functions' physical names by logical id.
        samples: By name and process id.
    """

    home: StackHome
    functions: Mapping[str, str]
    samples: dict[tuple[str, int], list[Sample]] = field(default_factory=dict)

    def run(self, stop: Event) -> None:
        """Take samples until `stop` is set."""
        began = time.monotonic()
        while True:
            for name, pid in self._processes():
                if megabytes := rss_megabytes(pid):
                    self.samples.setdefault((name, pid), []).append((time.monotonic() - began, megabytes))
            if stop.wait(_EVERY_SECONDS):
                return

    def figures(self, least_seconds: float) -> dict[str, dict[str, Any]]:
        """The figures of each function: of those processes that lived for at least a number of seconds.

        The local AWS itself keeps every table and log in memory, so its growth is shown and always allowed.
        """
        growths: dict[str, list[Growth]] = defaultdict(list)
        for (name, _), samples in sorted(self.samples.items()):
            if samples[-1][0] - samples[0][0] >= least_seconds and len(samples) >= _FEWEST_SAMPLES:
                growths[name].append(growth_of(samples))
        growths.pop(MAPPING, None)
        return {name: _summary(each, judged=name != EMULATOR) for name, each in growths.items()}

    def _processes(self) -> Iterable[tuple[str, int]]:
        roles = {MAPPING: event_source_mapping_process.service(self.home), EMULATOR: emulator.service(self.home)}
        worker = re.compile(re.escape(f"{self.home.temporary}/ministack-lambda-") + r"(?P<name>[^/]+)-[^/-]+/")
        logical = {physical: name for name, physical in self.functions.items()}
        for process in running_processes():
            if found := worker.search(process.command):
                yield logical.get(found["name"], found["name"]), process.pid
            for role, service in roles.items():
                if f" {service.marker} " in process.command:
                    yield role, process.pid


def lives(rss: Sequence[float]) -> dict[str, Any]:
    """The figures of a service that is killed again and again.

    Args:
        rss: MB before each kill.
    """
    half = len(rss) // 2
    growth = statistics.median(rss[half:]) - statistics.median(rss[:half]) if half else 0.0
    return {
        "before_each_kill": [round(each, 1) for each in rss],
        "growth": round(growth, 2),
        "flat": growth <= MOST_GROWTH_MEGABYTES,
    }


def _summary(growths: Sequence[Growth], *, judged: bool) -> dict[str, Any]:
    return {
        "processes": len(growths),
        "first_third": round(statistics.median(growth.first for growth in growths), 1),
        "last_third": round(statistics.median(growth.last for growth in growths), 1),
        "most_growth": round(max(growth.growth for growth in growths), 2),
        "median_slope_per_hour": round(statistics.median(growth.slope for growth in growths), 2),
        "flat": not judged or all(growth.is_flat for growth in growths),
    }


def growth_of(samples: Sequence[Sample]) -> Growth:
    """Summarise the samples of one process.

    Args:
        samples: At least three, in order of time.
    """
    third = len(samples) // 3
    first, second, last = samples[:third], samples[third : 2 * third], samples[2 * third :]
    medians = [statistics.median(megabytes for _, megabytes in part) for part in (first, second, last)]
    seconds, megabytes = zip(*samples[third:], strict=True)
    slope = statistics.linear_regression(seconds, megabytes).slope * 3600
    return Growth(medians[0], medians[2], medians[2] - medians[1], slope)


def rss_megabytes(pid: int) -> float | None:
    """The resident memory of a process in MB; None if it has ended. `man 5 proc_pid_statm`."""
    try:
        pages = int((Path("/proc") / str(pid) / "statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE
