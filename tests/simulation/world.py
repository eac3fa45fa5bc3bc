"""A world: everything that one seed creates, and the scheduler that picks the next actor.

An actor's step is a task. It may stop at every call of the database, and others start or continue meanwhile.
"""

import hashlib
import random as global_random
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

from events.store import MOST_REDACTED_AT_ONCE
from projections.views import VIEWS
from tests.simulation import wiring
from tests.simulation.answers import Answers
from tests.simulation.claims import ClaimsOperator
from tests.simulation.clients import Callers
from tests.simulation.clock import VirtualClock
from tests.simulation.counting import EVERY
from tests.simulation.database import Database
from tests.simulation.erasures import prolong
from tests.simulation.fake_dynamodb import FakeDynamoDb
from tests.simulation.faults import Faults, mix_of
from tests.simulation.finisher import Finisher
from tests.simulation.invariants import NOBODY_KNOWS, Invariants
from tests.simulation.mapping import MappingActor, policy_of, settings_of
from tests.simulation.operators import Operators
from tests.simulation.oracle import Oracle
from tests.simulation.outlets import Outlets
from tests.simulation.poison import Poisoner
from tests.simulation.readers import Readers
from tests.simulation.searchers import Searchers
from tests.simulation.signals import Crash
from tests.simulation.stack import Queues
from tests.simulation.statisticians import Statisticians
from tests.simulation.stream import SimulatedStream
from tests.simulation.subscribers import Subscribers
from tests.simulation.tables import Change, our_tables
from tests.simulation.tasks import Tasks

_HOUR: Final = 3600.0
# Timeouts of the functions in template.yml.
_API_SECONDS: Final = 28.0
_PROJECTOR_SECONDS: Final = 60.0
# How many steps of others come between two calls of one actor, if any.
_SHORT_BURSTS: Final[Sequence[int]] = (1,)
_LONG_BURSTS: Final[Sequence[int]] = (1, 4, 12)
# The longest that an operator may work on a generation that another one gave up: `projections.generations`.
_OPERATOR_SECONDS: Final = 60.0
_FOR_EVER: Final = float("inf")
# More events than the transaction of an erasure can redact.
_LONG: Final[Sequence[int]] = (92, 100, 140)
_FORGOTTEN: Final = 0.8
# While an actor sleeps, others make this many steps.
_SLEEPING: Final = 2
# A request whose sender gave up still arrives within this time.
_LATEST_SECONDS: Final = 3.0


class World(Outlets):
    """One seed's world.

    Attributes:
        views: The names of the views that this world has. The customers' is the first.
    """

    def __init__(self, seed: int, commands: int, *, verbose: bool = False) -> None:
        self.views = tuple(view.name for view in (VIEWS if seed % EVERY == 0 else VIEWS[:1]))
        self._most_commands = commands
        self.random = Random(seed)
        self.ids = Random(seed + 1)
        # Our code's jitter comes from here.
        global_random.seed(seed)
        self.clock = VirtualClock()
        self.faults = Faults(mix_of(self.random), self.random)
        mix = self.faults.mix
        shards = self.random.choice((1, 2, 4))
        self.stream = SimulatedStream(shards, self.clock, self.random, self.faults, scattered=mix.scattered)
        self.database = Database(our_tables(), self.clock.now, self.written, self._is_stale)
        self.client: Any = FakeDynamoDb(self.database, self, self.random.choice((2, 7, 1000, 1000)))
        self.oracle = Oracle()
        self.invariants = Invariants(self.oracle, self.database.tables)
        self.answers = Answers(self.oracle, self.invariants)
        self.callers = Callers(self)
        self.readers = Readers(self)
        self.searchers = Searchers(self)
        self.statisticians = Statisticians(self)
        self.poisoner = Poisoner(self.database, self.invariants, self.random)
        self.queues = Queues(self.faults, self.clock)
        self.subscribers = Subscribers(self.queues, self.invariants, self.random)
        self.operators = Operators(self)
        self.every_operator = [self.operators, *(Operators(self, view) for view in self.views[1:])]
        wiring.enter(self)
        wiring.redact_at_once(self.random.choice((1, 2, 5, MOST_REDACTED_AT_ONCE)))
        self.finisher = Finisher(self)
        self.claims_operator = ClaimsOperator(self)
        self.mapping = MappingActor(self, settings_of(self.random), policy_of(self.random), self._project)
        self.dead_lettered = set()
        self._hash = hashlib.blake2b(digest_size=16)
        self._verbose = verbose
        self.tasks = Tasks(self.random)
        self._agenda: deque[Callable[[], None]] = deque()
        self._late: list[tuple[float, Callable[[], object]]] = []
        self._deadline = _FOR_EVER
        self._bursts = _SHORT_BURSTS
        self._weighted: list[tuple[float, Callable[[], None]]] = []
        self._schedule()

    @property
    def digest(self) -> str:
        """The hash of every effect so far."""
        return self._hash.hexdigest()

    @property
    def is_over(self) -> bool:
        """Whether callers have begun all their commands. Others must not prolong a long piece of work for ever."""
        return self.callers.commands >= self._most_commands

    # Scheduling.

    def _schedule(self) -> None:
        """Each actor's share of the steps, cumulated. Add a new actor here."""
        mix = self.faults.mix
        shares: list[tuple[float, Callable[[], None]]] = [
            (0.40, self.callers.step),
            (0.30, self.mapping.step),
            (0.035, self.readers.step),
            (0.01, self.searchers.step),
            (0.06, self.subscribers.step),
            (mix.prolong, self._prolong),
            (mix.operate, self.operators.step),
            (0.02, self.finisher.step),
            (0.004, self.claims_operator.step),
            (mix.kill, self._kill),
            (mix.split, self._split),
            (mix.poison, self._poison),
            (mix.cure, self._cure),
            (mix.outage, self._outage),
        ]
        for each in self.every_operator[1:]:
            shares += [(mix.operate / 2, each.step), (0.01, self.statisticians.step)]
        total = 0.0
        for share, step in shares:
            total += share
            self._weighted.append((total, step))

    def step(self) -> None:
        """Let one actor start a step, or continue one."""
        self.clock.advance(self.random.random() * 0.1)
        if self._late:
            self.arrive()
        self.tasks.step(self._start)

    def settle(self) -> None:
        """Let every actor finish its step."""
        self._agenda.clear()
        self.tasks.finish()
        self.faults.count["crossed"] += self.tasks.crossings

    def _start(self) -> None:
        if self._agenda:
            self._agenda.popleft()()
            return
        chosen = self.random.random() * self._weighted[-1][0]
        for bound, step in self._weighted:
            if chosen < bound:
                step()
                return

    def interlude(self) -> None:
        """Perhaps let other actors step before a call of the current one."""
        likelihood = self.faults.mix.interleave
        if self.tasks.is_inside and self.random.random() < likelihood and not self.is_over:
            steps = self.random.choice(self._bursts)
            if self.callers.favourites and not self._agenda:
                steps += self._let_favourites_act()
            self._stop(steps)
            self._end_in_time()

    def _stop(self, steps: int) -> None:
        """Stop the current task. What it knows and how long it may take is its own."""
        bursts, deadline = self._bursts, self._deadline
        self._bursts, self._deadline = _SHORT_BURSTS, _FOR_EVER
        with self.invariants.knowing(None):
            self.tasks.stop(steps)
        self._bursts, self._deadline = bursts, deadline

    def sleep(self, seconds: float) -> None:
        """Let the current actor wait while the others go on."""
        self.clock.advance(seconds)
        if self.tasks.is_inside and self.faults.mix.interleave and not self.is_over:
            self._agenda.append(self.mapping.step)
            self._stop(_SLEEPING)
        self._end_in_time()

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    def later(self, effect: Callable[[], object]) -> None:
        """Carry out something later."""
        self._late.append((self.clock.time + self.random.random() * _LATEST_SECONDS, effect))

    def arrive(self) -> None:
        """Carry out the requests that are due."""
        due = [effect for time, effect in self._late if time <= self.clock.time]
        self._late = [each for each in self._late if each[0] > self.clock.time]
        with self.invariants.knowing(NOBODY_KNOWS):
            for effect in due:
                effect()

    def _until(self, seconds: float, work: Callable[[], Any]) -> Any:
        """Do something that may take at most a number of seconds."""
        before, self._deadline = self._deadline, self.clock.time + seconds
        try:
            with self.invariants.knowing(self.invariants.revision):
                return work()
        finally:
            self._deadline = before

    def by_hand(self, work: Callable[[], None]) -> None:
        """Let an operator do something. Much may happen between two of its calls."""
        before, self._bursts = self._bursts, _LONG_BURSTS
        try:
            self._until(_OPERATOR_SECONDS, work)
        finally:
            self._bursts = before

    def invoked(self, work: Callable[[], Any]) -> Any:
        """Run a function that the rebuild's state machine invokes."""
        return self._until(_OPERATOR_SECONDS, work)

    def _end_in_time(self) -> None:
        if self.clock.time > self._deadline:
            self.faults.count["timed_out"] += 1
            raise Crash("the function's timeout")

    def finish_erasures(self, event: dict[str, Any], context: object) -> None:
        """Call FinishErasures, as the event bus or the schedule does."""
        self._until(_PROJECTOR_SECONDS, lambda: wiring.HANDLERS.finish(event, context))

    def _project(self, event: dict[str, Any], context: object) -> object:
        answer = self._until(_PROJECTOR_SECONDS, lambda: wiring.HANDLERS.project(event, context))
        self.invariants.projected(event["Records"], answer)
        return answer

    def _let_favourites_act(self) -> int:
        """Owners change a customer that is being redriven, and the stream delivers it at once. Returns the steps."""
        self._agenda += [self.callers.step, *[self.mapping.step] * 5]
        return len(self._agenda)

    def _kill(self) -> None:
        self.faults.count["killed"] += 1
        self.trace("killed")
        self.mapping.restart()

    def _split(self) -> None:
        self.faults.count["split"] += 1
        self.stream.split()

    def _poison(self) -> None:
        if self.poisoner.strike():
            self.faults.count["poisoned"] += 1

    def _prolong(self) -> None:
        """A customer gets a long history at once, and somebody wants to be forgotten."""
        live = [name for name in list(self.oracle.people)[-6:] if self.oracle.people[name].is_live]
        if live and not self.faults.count["prolonged"]:
            self.faults.count["prolonged"] += 1
            customer_id = self.random.choice(live)
            prolong(self, customer_id, self.random.choice(_LONG))
            if self.random.random() < _FORGOTTEN:
                self.callers.erase_soon(customer_id)

    def _cure(self) -> None:
        """Events are repaired and redriven at once, while owners retry what failed."""
        victims = list(self.poisoner.victims)
        if victims:
            self.faults.count["cured"] += 1
            self.poisoner.cure(deploy=False)
            self.callers.favourites = victims
            for each in self.every_operator:
                each.redrive_now()
            self.callers.favourites = []

    def _outage(self) -> None:
        self.faults.count["outage"] += 1
        # Requests that are under way arrive before it.
        self.clock.advance(_LATEST_SECONDS)
        self.arrive()
        most = 30 * _HOUR if self.faults.mix.expiry else 2 * _HOUR
        self.clock.advance(self.random.random() * most)

    # Effects.

    def request(self, operation: str, event: dict[str, Any]) -> dict[str, Any]:
        """Call a handler as API Gateway does."""
        handler = getattr(wiring.HANDLERS, operation)
        response: dict[str, Any] = self._until(_API_SECONDS, lambda: handler(event))
        self.trace(operation, event["requestContext"]["requestId"], response["statusCode"], response["body"])
        return response

    def written(self, changes: list[Change]) -> None:
        """Record a write: trace it, put it on the stream, and check it."""
        for change in changes:
            self.trace("write", change.table, *change.key, change.new)
            if change.table == "events":
                self.stream.add(change)
                if change.old is None and change.new:
                    self.subscribers.publish(change.new)
        self.invariants.check(changes)

    def trace(self, *what: object) -> None:
        """Add an effect to the hash."""
        line = repr(what)
        self._hash.update(line.encode())
        if self._verbose:
            print(f"{self.clock.time:.3f} {'  ' * self.tasks.depth}{line}")

    def _is_stale(self, changed_at: float) -> bool:
        mix = self.faults.mix
        return self.clock.time - changed_at < mix.lag and self.faults.happens("stale_read", mix.stale)
