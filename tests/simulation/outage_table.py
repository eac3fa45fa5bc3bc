"""How many batches one shard's mapping gives up while its function fails, with and without a limit of the retries.

python -m tests.simulation.outage_table
"""

from dataclasses import replace
from typing import Final

from local.event_source_mapping.outcomes import Page
from local.event_source_mapping.positions import Position
from tests.simulation.template_settings import settings_of_template
from tests.unit.event_source_mapping.fakes import ERROR, NOW, QUEUE, SUCCESS, FakeStream, World, record

MINUTES: Final = (1, 3, 10, 60)
# Before, and now.
RETRIES: Final = (10, -1)


class ArrivingStream(FakeStream):
    """A stream with one record a second, each of which can be read from its arrival on."""

    def __init__(self, seconds: int) -> None:
        super().__init__(s=[record(number + 1, f"c-{number}", NOW + number) for number in range(seconds)])
        self.now = NOW

    def get_records(self, shard_id: str, position: Position) -> Page:
        page = super().get_records(shard_id, position)
        return Page(tuple(each for each in page.records if each.arrived <= self.now), page.resume)


def given_up(minutes: int, retries: int, mapping: str = "ProjectCustomersMapping") -> tuple[int, float]:
    """Let a function fail from the first record on.

    Args:
        minutes: For how long every invocation fails.
        retries: MaximumRetryAttempts, in place of the template's.

    Returns:
        The batches that the mapping gave up, and the seconds from the end of the failure until it had processed every
        record that arrived before.
    """
    until, stream = NOW + minutes * 60, ArrivingStream(minutes * 60)
    settings = replace(settings_of_template(mapping), max_retries=retries)
    own = {"uuid", "stream_arn", "function_arn", "destination"}
    world = World(
        stream=stream,
        destination=QUEUE,
        **{name: getattr(settings, name) for name in settings.__slots__ if name not in own},
    )
    world.function.rule = lambda _: ERROR if world.clock.time < until else SUCCESS
    while "s" not in world.checkpoints.saved or world.at() < minutes * 60:
        stream.now = world.clock.time
        world.clock.time = max(world.clock.time, world.driver.step())
    return len(world.destination.documents), round(world.clock.time - until, 1)


def main() -> None:
    """Print the table."""
    print(f"{'minutes':>7}  " + "  ".join(f"{f'retries {retries}':>12}" for retries in RETRIES) + "  caught up after")
    for minutes in MINUTES:
        found = [given_up(minutes, retries) for retries in RETRIES]
        print(f"{minutes:>7}  " + "  ".join(f"{lost:>12}" for lost, _ in found) + f"  {found[-1][1]:>13} s")


if __name__ == "__main__":
    main()
