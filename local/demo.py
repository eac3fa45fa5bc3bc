"""A hundred people with a plausible history, written through the API: they arrive, move, take other names, and leave.

The same people every time: names, moves and Idempotency-Keys come from a fixed seed. A second run repeats the same
commands, so it changes nothing.
"""

import random
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Final

import httpx

from local.aws import http_client
from local.errors import StackError
from local.outputs import Outputs
from local.progress import ProgressReporter
from local.tokens import access_token

PEOPLE: Final = 100
SEED: Final = 2026
REPORT_EVERY: Final = 20
# The local AWS starts a process for each request at the same time.
_AT_A_TIME: Final = 4
# Seconds before each repeat of a request that met a busy API.
_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6)
# Country -> its cities, given names and family names.
_PLACES: Final[Mapping[str, tuple[str, str, str]]] = {
    "Austria": ("Vienna Graz Linz", "Anna Lukas Maria Jakob", "Gruber Huber Steiner Moser"),
    "Brazil": ("Recife Curitiba Salvador", "João Ana Rafael Luíza", "Silva Souza Araújo Conceição"),
    "France": ("Paris Lyon Nantes", "Chloé Hugo Zoé Léo", "Lefèvre Moreau Garnier Noël"),
    "Germany": ("Berlin Hamburg Köln", "Jürgen Lena Max Sophie", "Müller Schäfer Weiß Vogel"),
    "India": ("Mumbai Pune Kochi", "Asha Ravi Meera Arjun", "Nair Patel Rao Sharma"),
    "Japan": ("Osaka Kyoto Sapporo", "Yuki Haruto Aoi Ren", "Sato Tanaka Ito Mori"),
    "Poland": ("Kraków Łódź Gdańsk", "Zofia Jan Maja Paweł", "Nowak Wójcik Król Zając"),
    "United Kingdom": ("London Leeds Bristol", "Grace Alan Edith Oscar", "Hopper Turing Clarke Bell"),
}


@dataclass(frozen=True, slots=True)
class Details:
    """What the API knows of a person."""

    full_name: str
    email: str
    birth: str
    city: str
    country: str

    def body(self) -> dict[str, str]:
        """The body of a request."""
        return {
            "full_name": self.full_name,
            "email": self.email,
            "birth": self.birth,
            "city": self.city,
            "country": self.country,
        }


@dataclass(frozen=True, slots=True)
class Life:
    """The history of one person.

    Attributes:
        key: Begins the Idempotency-Key of each of its commands.
        born: The details at the creation.
        changes: The details after each change, oldest first.
        erased: Whether the person is erased in the end.
    """

    key: str
    born: Details
    changes: tuple[Details, ...]
    erased: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did, or found done.

    Attributes:
        changes: How many moves and new names.
        erased: How many people are erased.
        seconds: How long it took.
    """

    people: int
    countries: int
    changes: int
    erased: int
    seconds: float


def lives(count: int = PEOPLE, seed: int = SEED) -> Iterator[Life]:
    """The people, the same for the same seed.

    Args:
        count: How many, at least 0.
        seed: Another one gives other people with other keys and addresses.
    """
    for number in range(1, count + 1):
        # Each has a generator of their own, so that a larger count adds people and changes none.
        chance = random.Random(f"{seed} {number}")  # noqa: S311 - not a secret
        yield _life(number, seed, chance)


def run(outputs: Outputs, progress: ProgressReporter, people: Sequence[Life]) -> Summary:
    """Send every command of every person.

    Args:
        people: Whose commands to send.

    Raises:
        StackError: The stack is not running, or the API refused a command.
    """
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {access_token(outputs)}"}
    with http_client() as http, ThreadPoolExecutor(_AT_A_TIME) as threads:
        http.headers.update(headers)
        sent = [threads.submit(_send_life, http, outputs["ApiEndpoint"], life) for life in people]
        try:
            for done, each in enumerate(as_completed(sent), start=1):
                each.result()
                if done % REPORT_EVERY == 0:
                    progress.note(f"{done} of {len(people)} people")
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    return Summary(
        people=len(people),
        countries=len({life.born.country for life in people}),
        changes=sum(len(life.changes) for life in people),
        erased=sum(life.erased for life in people),
        seconds=time.monotonic() - began,
    )


def _life(number: int, seed: int, chance: random.Random) -> Life:
    born = _person(number, seed, chance)
    changes: list[Details] = []
    for _ in range(chance.choices((0, 1, 2, 3), (50, 30, 15, 5))[0]):
        changes.append(_changed(changes[-1] if changes else born, chance))
    return Life(f"demo-{seed}-{number}", born, tuple(changes), erased=chance.random() < 0.1)  # noqa: PLR2004 - one in ten


def _person(number: int, seed: int, chance: random.Random) -> Details:
    country = chance.choice(list(_PLACES))
    cities, given, family = (names.split() for names in _PLACES[country])
    name = f"{chance.choice(given)} {chance.choice(family)}"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace(" ", ".")
    birth = f"{chance.randint(1940, 2005)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    return Details(name, f"{plain}.{seed}.{number}@example.com", birth, chance.choice(cities), country)


def _changed(before: Details, chance: random.Random) -> Details:
    """A move, now and then to another country, or a new family name."""
    country = before.country if chance.random() < 0.8 else chance.choice(list(_PLACES))  # noqa: PLR2004 - four of five
    cities, _, family = (names.split() for names in _PLACES[country])
    if chance.random() < 0.3:  # noqa: PLR2004 - three of ten
        given, _, last = before.full_name.partition(" ")
        return replace(before, full_name=f"{given} {chance.choice([name for name in family if name != last])}")
    city = chance.choice([name for name in cities if name != before.city])
    return replace(before, city=city, country=country)


def _send_life(http: httpx.Client, api: str, life: Life) -> None:
    created = _send(http, "POST", f"{api}/customers", f"{life.key}-created", life.born)
    if created.status_code == httpx.codes.GONE:
        return  # an earlier run, or somebody, has erased this person
    address = f"{api}/customers/{created.json()['id']}"
    for step, details in enumerate(life.changes, start=1):
        _send(http, "PUT", address, f"{life.key}-changed-{step}", details)
    if life.erased:
        _send(http, "DELETE", address, f"{life.key}-erased")


def _send(http: httpx.Client, method: str, address: str, key: str, details: Details | None = None) -> httpx.Response:
    request = http.build_request(
        method, address, headers={"Idempotency-Key": key}, json=details.body() if details else None
    )
    answer = http.send(request)
    # The key makes a repeat safe, whether or not the first request was carried out.
    for pause in _PAUSES:
        if answer.status_code not in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
            break
        time.sleep(pause)
        answer = http.send(request)
    if answer.is_success or (method == "POST" and answer.status_code == httpx.codes.GONE):
        return answer
    who = f" ({details.email})" if details else ""
    raise StackError(f"{method} {address}{who} answered {answer.status_code}: {answer.text[:300]}")
