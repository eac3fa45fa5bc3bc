"""A count moves exactly once, whatever is repeated, reordered, parked or interrupted."""

from dataclasses import replace
from itertools import count, permutations

import pytest
from botocore.exceptions import ClientError

from events.envelope import Event
from projections.counting import counting_view
from projections.countries import COUNTRIES, normalised
from projections.maintenance.differences import DifferenceKind
from projections.maintenance.progress import SegmentProgress
from projections.maintenance.redrive import RedriveOutcome
from projections.maintenance.regressions import WouldRegress, check_regressions
from projections.read_model import Write, WriteResult
from projections.row import RETURNING, Parked, Row
from shared.runtime.clock import timestamp
from tests.samples import START, created, erased, updated
from tests.unit.projections.counting_world import CountingWorld, poison

THROTTLE = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "Query")


@pytest.fixture
def world() -> CountingWorld:
    return CountingWorld()


def lives(country: str, version: int, customer_id: str = "a", *, city: str = "Bonn") -> Event:
    """The event of a version after which a customer lives in a country."""
    if version == 1:
        return created(customer_id, country=country, city=city)
    return updated(customer_id, version, country=country, city=city)


class TestNormalisation:
    @pytest.mark.parametrize(
        ("text", "counted"),
        [
            ("Germany", "germany"),
            ("  United   KINGDOM ", "united kingdom"),
            ("GROSSBRITANNIEN", "grossbritannien"),
            ("Großbritannien", "grossbritannien"),
            ("Co\u0302te d\u2019Ivoire", "c\u00f4te d\u2019ivoire"),
            ("日本", "日本"),
            ("ΕΛΛΆΣ", "ελλάσ"),
        ],
    )
    def test_texts_that_read_the_same_are_counted_together(self, text: str, counted: str) -> None:
        assert normalised(text) == counted
        assert normalised(counted) == counted

    def test_no_text_is_translated(self) -> None:
        assert normalised("Deutschland") != normalised("Germany") != normalised("DE")


class TestCounting:
    def test_a_new_customer_is_counted(self, world: CountingWorld) -> None:
        first = lives("Germany", 1)
        world.append(first)

        report = world.project(first)

        assert world.shown("a") == (1, "germany")
        assert world.rows.counts() == {"germany": 1}
        assert world.rows.groups(1)[0].changed_at == first.occurred_at
        assert report.projected == [first]

    def test_an_event_that_leaves_the_group_as_it_is_costs_nothing(self, world: CountingWorld) -> None:
        first, moved_house = lives("Germany", 1), lives(" GERMANY ", 2, city="Köln")
        world.append(first, moved_house)
        world.project(first)
        written, world.reads = list(world.rows.history), 0

        report = world.project(moved_house)

        assert world.rows.history == written
        assert (report.units, report.failed, report.parked, world.reads) == (0, {}, {}, 0)
        assert report.projected == [moved_house]
        assert world.shown("a") == (1, "germany")

    def test_a_customer_who_moves_is_counted_in_one_place(self, world: CountingWorld) -> None:
        events = [lives("Germany", 1), lives("France", 2)]
        world.append(*events)

        for event in events:
            world.project(event)

        assert world.rows.counts() == {"france": 1}
        assert world.rows.moves == [("germany", 1), ("germany", -1), ("france", 1)]

    def test_a_customer_there_and_back_is_counted_where_they_are(self, world: CountingWorld) -> None:
        events = [lives("Germany", 1), lives("France", 2), lives("Germany", 3)]
        world.append(*events)
        for event in events:
            world.project(event)

        assert world.rows.counts() == {"germany": 1}
        # The last event was the newest already when the second was projected, so nothing had to move.
        assert world.rows.moves == [("germany", 1)]

    def test_an_erased_customer_is_counted_nowhere_and_never_again(self, world: CountingWorld) -> None:
        first, last = lives("Germany", 1), erased("a", 2)
        world.append(first, last)
        world.project(first)
        world.project(last)

        assert world.rows.counts() == {}
        assert world.shown("a") == (2, None)

        world.project(first, last)
        assert world.rows.counts() == {}
        assert world.rows.moves == [("germany", 1), ("germany", -1)]

    def test_an_erasure_of_a_customer_who_was_never_seen_keeps_a_late_first_event_out(
        self, world: CountingWorld
    ) -> None:
        first, last = lives("Germany", 1), erased("a", 2)
        world.append(first, last)

        world.project(last)
        assert world.shown("a") == (2, None)

        assert world.project(first).stale == 1
        assert world.rows.counts() == {}

    @pytest.mark.parametrize("arrival", list(permutations(range(5))))
    def test_every_order_of_events_and_every_repeat_leads_to_the_same_counts(
        self, world: CountingWorld, arrival: tuple[int, ...]
    ) -> None:
        events = [
            lives("Germany", 1),
            lives("France", 2),
            lives("France", 3, city="Lyon"),
            lives("Germany", 4),
            lives("Italy", 5),
        ]
        world.append(*events)

        for number in (*arrival, *arrival[::-2]):
            world.project(events[number])

        assert world.rows.counts() == {"italy": 1}
        assert world.is_exact()

    @pytest.mark.parametrize("arrival", list(permutations(range(3))))
    def test_every_order_with_an_erasure_leads_to_no_count(
        self, world: CountingWorld, arrival: tuple[int, ...]
    ) -> None:
        events = [lives("Germany", 1), lives("France", 2), erased("a", 3)]
        world.append(*events)

        for number in (*arrival, *arrival):
            world.project(events[number])

        assert (world.rows.counts(), world.shown("a")) == ({}, (3, None))

    def test_a_second_view_needs_a_name_and_a_function(self) -> None:
        births = counting_view("births", 9, "year", lambda customer: str(customer.birth.year))
        state = births.final([created("a")])

        assert state
        assert births.row_of(state, 1) == Row("a", 1, 1, None, group="1990")


class TestRaces:
    """Each writer may be paused before its write for as long as it takes others to do theirs."""

    def test_the_generation_that_is_read_is_never_ahead_of_the_one_that_is_built(self, world: CountingWorld) -> None:
        """v3 comes after generation 2 has v2. If generation 1 had it before, a switch would count the customer back."""
        first, second, third = lives("Germany", 1), lives("France", 2), lives("Italy", 3)
        world.append(first, second)
        world.projector.project_into([first], [2, 1])
        world.before_write(lambda: world.append(third), when=lambda write: write.row.generation == 1)

        reports = world.projector.project_into([second], [2, 1])

        assert (world.rows.counts(2), world.rows.counts(1)) == ({"france": 1}, {"germany": 1})
        assert (reports[1].overtaken, reports[1].failed) == ({"a"}, {})
        world.projector.project_into([third], [2, 1])
        assert (world.rows.counts(2), world.rows.counts(1)) == ({"italy": 1}, {"italy": 1})

    def test_whom_a_later_event_moves_is_not_inserted_in_the_generations_after(self, world: CountingWorld) -> None:
        """Generation 1 has no row yet, so nothing there would look for a later event."""
        first, second, third = lives("Germany", 1), lives("France", 2), lives("Italy", 3)
        world.append(first, second, third)
        world.project(first, generation=2)

        world.projector.project_into([first, second], [2, 1])

        assert (world.shown("a"), world.rows.counts(2)) == (None, {"germany": 1})

    def test_a_late_event_does_not_undo_a_later_one_that_was_skipped(self, world: CountingWorld) -> None:
        """v3 found the row as it had to be, so nothing in the row tells v2 that it is late."""
        first, second, third = lives("Germany", 1), lives("France", 2), lives("Germany", 3)
        world.append(first, second, third)
        world.project(first)
        world.project(third)

        world.project(second)

        assert world.shown("a") == (1, "germany")
        assert world.rows.counts() == {"germany": 1}

    def test_a_paused_writer_does_not_undo_an_event_that_was_skipped_meanwhile(self, world: CountingWorld) -> None:
        """The writer of v2 has read v2 as the newest event, and is paused. v3 leads back to where the row is."""
        first, second, third = lives("Germany", 1), lives("France", 2), lives("Germany", 3)
        world.append(first, second)
        world.project(first)

        def meanwhile() -> None:
            world.append(third)
            assert world.project(third).projected == [third]

        world.before_write(meanwhile)
        report = world.project(second)

        assert (report.failed, world.shown("a")) == ({}, (1, "germany"))
        assert world.rows.moves == [("germany", 1)]

    def test_a_paused_writer_does_not_undo_a_skip_between_two_moves(self, world: CountingWorld) -> None:
        """The writer of v3 is paused while v4, which leaves v3's group as it is, is skipped and v5 moves back."""
        events = [lives("Germany", 1), lives("France", 2), lives("Italy", 3)]
        world.append(*events)
        world.project(events[0])
        later = [lives("Germany", 4), lives("Germany", 5, city="Ulm")]

        def meanwhile() -> None:
            world.append(*later)
            for event in later:
                world.project(event)

        world.before_write(meanwhile)
        world.project(*events[1:])

        assert world.rows.counts() == {"germany": 1}
        assert world.is_exact()

    def test_of_two_inserts_one_counts(self, world: CountingWorld) -> None:
        first = lives("Germany", 1)
        world.append(first)
        world.before_write(lambda: world.project(first))

        report = world.project(first)

        assert (report.stale, report.failed) == (1, {})
        assert world.rows.moves == [("germany", 1)]

    def test_a_paused_insert_of_an_old_event_loses_to_the_insert_of_the_newest(self, world: CountingWorld) -> None:
        first, second = lives("Germany", 1), lives("France", 2)
        world.append(first, second)
        world.before_write(lambda: world.project(second))

        world.project(first)

        assert world.rows.counts() == {"france": 1}
        assert world.rows.moves == [("france", 1)]

    def test_a_paused_insert_loses_to_an_erasure(self, world: CountingWorld) -> None:
        first, last = lives("Germany", 1), erased("a", 2)
        world.append(first, last)
        world.before_write(lambda: world.project(last))

        world.project(first)

        assert (world.shown("a"), world.rows.moves) == ((2, None), [])

    def test_a_paused_move_loses_to_an_erasure(self, world: CountingWorld) -> None:
        first, second, last = lives("Germany", 1), lives("France", 2), erased("a", 3)
        world.append(first, second)
        world.project(first)

        def meanwhile() -> None:
            world.append(last)
            world.project(last)

        world.before_write(meanwhile)
        world.project(second)

        assert (world.shown("a"), world.rows.counts()) == ((3, None), {})

    def test_a_write_that_always_meets_another_writer_is_tried_again_later(self, world: CountingWorld) -> None:
        first, second = lives("Germany", 1), lives("France", 2)
        world.append(first, second)
        world.project(first)
        attempts = count(1)

        def another_redrive(write: Write) -> None:
            row = world.rows.stored["a", 1]
            world.rows.stored["a", 1] = replace(row, parked=Parked(2, RETURNING, "", next(attempts)))

        world.rows.interfere = another_redrive

        assert world.project(second).failed == {"a": "conflict"}
        world.rows.interfere = lambda _: None
        assert world.rows.counts() == {"germany": 1}
        world.project(second)
        assert world.rows.counts() == {"france": 1}

    def test_a_customer_with_ever_newer_events_is_moved_by_the_last(self, world: CountingWorld) -> None:
        first, second, third = lives("Germany", 1), lives("France", 2), lives("France", 3, city="Lyon")
        world.append(first, second)
        world.project(first)
        world.before_write(lambda: world.append(third))

        assert world.project(second).overtaken == {"a"}
        assert world.rows.counts() == {"germany": 1}
        assert world.project(third).overtaken == set()
        assert world.rows.counts() == {"france": 1}

    def test_a_failed_write_moves_nothing_and_its_repeat_moves_once(self, world: CountingWorld) -> None:
        first = lives("Germany", 1)
        world.append(first)
        world.rows.failing = {"a"}
        assert world.project(first).failed == {"a": "write failed"}

        world.rows.failing = set()
        world.project(first)
        world.project(first)

        assert world.rows.moves == [("germany", 1)]


class TestParking:
    def test_a_customer_stays_counted_where_they_were(self, world: CountingWorld) -> None:
        first, second = lives("Germany", 1), poison(lives("France", 2))
        world.append(first, second)
        world.project(first)

        report = world.project(second)

        assert report.parked.keys() == {"a"}
        assert world.parked("a") == Parked(2, "unknown type", timestamp(START), 1)
        assert (world.shown("a"), world.rows.counts()) == ((1, "germany"), {"germany": 1})

    def test_a_customer_who_was_never_seen_is_parked_and_not_counted(self, world: CountingWorld) -> None:
        first = poison(lives("Germany", 1))
        world.append(first)
        world.project(first)

        assert (world.shown("a"), world.rows.counts()) == ((0, None), {})
        assert world.parked("a")

    def test_a_customer_who_was_never_seen_is_counted_by_the_newest_event_that_can_be_read(
        self, world: CountingWorld
    ) -> None:
        """So a rebuilt generation counts parked customers where the live one does."""
        events = [lives("Germany", 1), lives("France", 2), poison(lives("Italy", 3))]
        world.append(*events)
        world.project(*events)

        parked = world.parked("a")
        assert parked
        assert (world.shown("a"), parked.version, world.rows.counts()) == ((2, "france"), 3, {"france": 1})

    def test_an_unreadable_event_before_the_newest_does_no_harm(self, world: CountingWorld) -> None:
        events = [lives("Germany", 1), poison(lives("France", 2)), lives("Italy", 3)]
        world.append(*events)
        world.project(events[0])

        assert world.project(events[1]).parked == {}
        assert world.project(events[2]).parked == {}
        assert world.rows.counts() == {"italy": 1}

    def test_a_repeat_of_the_event_waits_for_the_redrive(self, world: CountingWorld) -> None:
        first, second = lives("Germany", 1), lives("France", 2)
        world.append(first, poison(second))
        world.project(first, poison(second))
        parked = world.row("a")
        world.replace_event(second)

        report = world.project(second)

        assert report.waiting == 1
        assert world.row("a") == parked

    def test_a_later_event_that_can_be_read_brings_the_customer_back(self, world: CountingWorld) -> None:
        first, second, third = lives("Germany", 1), poison(lives("France", 2)), lives("Germany", 3)
        world.append(first, second)
        world.project(first)
        world.project(second)
        world.append(third)

        world.project(third)

        assert (world.shown("a"), world.parked("a")) == ((3, "germany"), None)
        assert world.rows.counts() == {"germany": 1}

    def test_a_customer_is_not_parked_at_an_event_that_is_no_longer_the_newest(self, world: CountingWorld) -> None:
        first, second, third = lives("Germany", 1), poison(lives("France", 2)), lives("Italy", 3)
        world.append(first, second)
        world.project(first)

        def meanwhile() -> None:
            world.append(third)
            world.project(third)

        world.before_write(meanwhile)
        world.project(second)

        assert (world.parked("a"), world.rows.counts()) == (None, {"italy": 1})

    def test_an_erasure_does_not_wait(self, world: CountingWorld) -> None:
        first, second, last = lives("Germany", 1), poison(lives("France", 2)), erased("a", 3)
        world.append(first, second)
        world.project(first, second)
        world.append(last)

        world.project(last)

        assert (world.shown("a"), world.parked("a"), world.rows.counts()) == ((3, None), None, {})

    def test_a_failure_that_may_pass_parks_nobody(self, world: CountingWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        first, second = lives("Germany", 1), lives("France", 2)
        world.append(first, second)
        world.project(first)

        def throttled(_: str) -> None:
            raise THROTTLE

        monkeypatch.setattr(world.store, "latest", throttled)
        assert world.project(second).failed == {"a": "ClientError"}
        monkeypatch.undo()
        world.project(second)
        assert world.rows.counts() == {"france": 1}

    def test_an_event_that_the_event_table_lacks_parks_the_customer(self, world: CountingWorld) -> None:
        """After a restore of the event table alone."""
        first, second = lives("Germany", 1), lives("France", 2)
        world.append(first)
        world.project(first)

        world.project(second)

        parked = world.parked("a")
        assert parked
        assert parked.reason == "the event table lacks version 2"

    def test_a_row_that_the_table_refuses_parks_the_customer_at_the_newest_event(self, world: CountingWorld) -> None:
        events = [lives("Germany", 1), lives("France", 2), lives("Italy", 3)]
        world.append(*events)
        world.project(events[0])
        world.rows.refuses = lambda row: row.group == "italy"

        world.project(*events[1:])

        parked = world.parked("a")
        assert parked
        assert (parked.version, parked.reason) == (3, "the read table refuses the row")
        assert world.rows.counts() == {"germany": 1}


class TestRedrive:
    def park(self, world: CountingWorld) -> Event:
        """Park a customer at an event, and return the event as it should have been."""
        first, second = lives("Germany", 1), lives("France", 2)
        world.append(first, poison(second))
        world.project(first, poison(second))
        return second

    def test_it_brings_back_whom_it_can_and_a_second_one_changes_nothing(self, world: CountingWorld) -> None:
        world.replace_event(self.park(world))

        [result] = world.redrive.run(1, dry=False)

        assert (result.outcome, world.shown("a"), world.parked("a")) == (RedriveOutcome.RETURNED, (2, "france"), None)
        assert world.rows.counts() == {"france": 1}
        assert list(world.redrive.run(1, dry=False)) == []

    def test_whom_it_cannot_bring_back_stays_parked_at_the_newest_event(self, world: CountingWorld) -> None:
        self.park(world)
        world.append(poison(lives("Italy", 3)))

        [result] = world.redrive.run(1, dry=False)

        assert (result.outcome, result.parked.version, result.parked.attempts) == (RedriveOutcome.STILL_PARKED, 3, 2)
        assert world.rows.counts() == {"germany": 1}

    @pytest.mark.parametrize("write_number", [1, 2])
    def test_an_event_that_arrives_between_its_writes_is_not_lost(
        self, world: CountingWorld, write_number: int
    ) -> None:
        second = self.park(world)
        world.replace_event(second)
        third = lives("Italy", 3)
        seen: list[Write] = []

        def meanwhile() -> None:
            world.append(third)
            world.project(third)

        def is_the_one(write: Write) -> bool:
            seen.append(write)
            return len(seen) == write_number

        world.before_write(meanwhile, is_the_one)
        list(world.redrive.run(1, dry=False))
        list(world.redrive.run(1, dry=False))

        assert (world.shown("a"), world.parked("a")) == ((3, "italy"), None)
        assert world.rows.counts() == {"italy": 1}

    def test_an_earlier_generation_that_shows_the_same_in_an_older_version_is_not_in_the_way(
        self, world: CountingWorld
    ) -> None:
        """It is brought to the same version first, but a row that shows the same already is not written."""
        world.generations.saved = world.generations.saved.start_rebuild()
        first, second, third = lives("Germany", 1), lives("France", 2), lives("Germany", 3)
        world.append(first, second, poison(third))
        world.project(first, generation=2)
        world.project(first, second, poison(third))
        world.replace_event(third)

        [result] = world.redrive.run(1, dry=False)

        assert (result.outcome, world.shown("a")) == (RedriveOutcome.RETURNED, (3, "germany"))
        row = world.row("a", 2)
        assert row
        assert (row.version, row.group) == (1, "germany")


class TestVerify:
    def test_a_row_of_an_older_version_is_right_if_the_group_is(self, world: CountingWorld) -> None:
        first, second = lives("Germany", 1), lives("Germany", 2, city="Ulm")
        world.append(first, second)
        world.project(first)

        assert world.verifier.compare(["a"], 1) == {}
        assert world.verifier.step(1, SegmentProgress(0), 1)[1] == []

    @pytest.mark.parametrize("age", [2, 10**6])
    def test_a_row_that_lacks_a_move_is_behind_and_repaired(self, world: CountingWorld, age: int) -> None:
        first, second = lives("Germany", 1), lives("France", 2)
        world.append(first, second)
        world.project(first)
        world._pause(age)

        difference = world.verifier.compare(["a"], 1).get("a")

        assert difference
        assert (difference.kind, difference.expected, difference.found) == (DifferenceKind.BEHIND, 2, 1)
        assert difference.expired == (age > 2)
        assert world.verifier.repair(difference, 1)
        assert world.rows.counts() == {"france": 1}
        assert world.verifier.compare(["a"], 1).get("a") is None

    def test_a_repair_does_not_undo_an_event_that_arrives_before_its_write(self, world: CountingWorld) -> None:
        first, second, third = lives("Germany", 1), lives("France", 2), lives("Germany", 3)
        world.append(first, second)
        world.project(first)
        difference = world.verifier.compare(["a"], 1).get("a")
        assert difference

        def meanwhile() -> None:
            world.append(third)
            world.project(third)

        world.before_write(meanwhile)

        assert not world.verifier.repair(difference, 1)
        assert world.rows.counts() == {"germany": 1}

    def test_exact_counters_are_not_reported(self, world: CountingWorld) -> None:
        for number in range(5):
            event = lives("Germany", 1, f"c-{number}")
            world.append(event)
            world.project(event)

        assert world.verifier.miscounted(1) == []

    @pytest.mark.parametrize(("by", "expected", "found"), [(1, 1, 2), (-1, 1, 0)])
    def test_a_counter_that_differs_from_its_rows_is_reported_without_its_text(
        self, world: CountingWorld, by: int, expected: int, found: int
    ) -> None:
        event = lives("Germany", 1)
        world.append(event)
        world.project(event)
        world.rows.counters[1, "germany"] += by

        [difference] = world.verifier.miscounted(1)

        assert (difference.kind, difference.expected, difference.found) == (DifferenceKind.MISCOUNTED, expected, found)
        assert "germany" not in difference.customer_id
        assert not world.verifier.repair(difference, 1)

    def test_a_counter_that_moves_while_the_rows_are_read_is_not_reported(
        self, world: CountingWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.append(lives("Germany", 1))
        world.project(lives("Germany", 1))
        read = world.rows.rows
        numbers = iter(range(100))

        def rows(*place: object) -> object:
            page = read(*place)  # type: ignore[arg-type]
            event = lives("Germany", 1, f"c-{next(numbers)}")
            world.append(event)
            world.project(event)
            return page

        monkeypatch.setattr(world.rows, "rows", rows)

        assert world.verifier.miscounted(1) == []


class TestGenerations:
    def test_a_rebuild_counts_beside_live_events(self, world: CountingWorld) -> None:
        for number in range(20):
            events = [lives("Germany", 1, f"c-{number}"), lives("France", 2, f"c-{number}")][: 1 + number % 2]
            world.append(*events)
            world.project(*events)
        world.generations.save(world.generations.load().start_rebuild())
        live = [lives("Italy", 3, "c-1"), erased("c-2", 2), lives("Germany", 1, "new")]
        world.append(*live)
        world.project(*live, generation=2)

        at = SegmentProgress(0)
        while not at.done:
            at = world.rebuild.step(2, at, 1)
        world.project(*live)

        assert world.rows.counts(2) == world.rows.counts(1) == {"germany": 10, "france": 9, "italy": 1}
        assert world.is_exact(2)
        assert world.verifier.miscounted(2) == []

    def test_generations_are_counted_apart_and_forgotten_alone(self, world: CountingWorld) -> None:
        first, second = lives("Germany", 1), lives("France", 2)
        world.append(first, second)
        world.project(first, generation=2)
        world.project(first, second)
        assert (world.rows.counts(2), world.rows.counts(1)) == ({"germany": 1}, {"france": 1})

        world.rows.forget(2)

        assert (world.rows.counts(2), world.rows.counts(1)) == ({}, {"france": 1})

    def test_an_erasure_clears_generations_that_are_not_fed(self, world: CountingWorld) -> None:
        first, last = lives("Germany", 1), erased("a", 2)
        world.append(first)
        world.project(first, generation=5)
        world.append(last)

        assert world.projector.clear_elsewhere([last], (1,)) == {}

        assert world.rows.counts(5) == {}
        assert world.row("a", 5) == Row("a", 5, 2, None)

    def test_a_switch_to_an_older_version_of_the_same_group_shows_nothing_older(self, world: CountingWorld) -> None:
        parked = Parked(3, "a reason", timestamp(START), 1)
        world.rows.stored["a", 1] = Row("a", 1, 2, None, group="germany")
        world.rows.stored["a", 2] = Row("a", 2, 1, None, parked, group="germany")
        check_regressions(world.rows, 1, 2)

        world.rows.stored["a", 2] = Row("a", 2, 1, None, parked, group="france")
        with pytest.raises(WouldRegress):
            check_regressions(world.rows, 1, 2)


def test_the_fake_refuses_what_the_event_table_contradicts(world: CountingWorld) -> None:
    world.append(lives("Germany", 1), lives("France", 2))
    row = Row("a", 1, 1, None, group="germany")
    world.rows.write([Write(row, None)])

    assert world.rows.write([Write(Row("a", 1, 1, None, group="italy"), row)]) == [WriteResult.CONFLICT]
    assert COUNTRIES.number == 1
