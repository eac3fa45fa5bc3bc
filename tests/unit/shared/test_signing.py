"""Signed texts cannot be made up, and a rotation of the keys refuses none that is young enough."""

import base64
from random import Random

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.signing import (
    ACTIVATION_SECONDS,
    REFETCH_SECONDS,
    REFRESH_SECONDS,
    InvalidSignature,
    Key,
    KeyPair,
    Keyring,
    KeysUnavailable,
    sign,
    verify,
)
from shared.runtime.signing_keys import fetch_keys, keyring_of
from tests.fakes.secrets import FakeSecrets
from tests.fakes.signing_keys import KEYS, NO_KEYS, keyring_with

PURPOSE = "purpose 1"
DAY = 86_400


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def refused(text: str, keys: Keyring = KEYS, purpose: str = PURPOSE) -> bool:
    try:
        verify(purpose, text, keys)
    except InvalidSignature:
        return True
    return False


@given(st.binary())
def test_what_was_signed_is_verified(payload: bytes) -> None:
    assert verify(PURPOSE, sign(PURPOSE, payload, KEYS), KEYS) == payload


@given(st.integers(0))
def test_any_flipped_bit_is_refused(place: int) -> None:
    content = bytearray(decoded(sign(PURPOSE, b"payload", KEYS)))
    content[place % len(content)] ^= 1 << (place % 8)

    assert refused(base64.urlsafe_b64encode(content).decode().rstrip("="))


@given(st.text() | st.text("ABCabc019-_"))
def test_any_other_text_is_refused(text: str) -> None:
    assert refused(text)


def test_a_text_is_bound_to_its_purpose_and_key() -> None:
    text = sign(PURPOSE, b"payload", KEYS)

    assert refused(text, purpose="purpose 2")
    assert refused(text, keys=keyring_with("another key"))
    # The line between purpose and payload is part of what is signed.
    assert refused(sign("purpose", b" 1\npayload", KEYS))


@pytest.mark.parametrize(
    "change", [lambda text: text + "=", lambda text: text.replace("-", "+"), lambda text: text + "\n"]
)
def test_only_the_canonical_spelling_is_accepted(change: object) -> None:
    text = next(text for text in (sign(PURPOSE, bytes([n]) * 7, KEYS) for n in range(99)) if "-" in text)

    assert callable(change)
    assert refused(change(text))


def test_unused_bits_of_the_last_character_must_be_zero() -> None:
    text = sign(PURPOSE, b"payload.", KEYS)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same_bytes = [text[:-1] + last for last in alphabet if decoded(text[:-1] + last) == decoded(text)]

    assert len(same_bytes) > 1
    assert [spelling for spelling in same_bytes if not refused(spelling)] == [text]


def test_garbage_fetches_no_key() -> None:
    assert refused("garbage!", NO_KEYS)
    assert refused("AAAA", NO_KEYS)


def test_a_key_is_never_shown() -> None:
    assert "top-secret" not in repr(KeyPair(Key(b"top-secret", 0)))


class Environments:
    """Execution environments that learn of rotations at different times.

    Attributes:
        now: Seconds since the epoch.
        fetches: How often any of them read the keys.
    """

    def __init__(self, count: int) -> None:
        self.now = 1_000_000.0
        self.secrets = FakeSecrets(lambda: self.now)
        self.secrets.rotate()
        self.fetches = 0
        self.all = [Keyring(self._fetch, lambda: self.now) for _ in range(count)]

    def _fetch(self, known: KeyPair | None) -> KeyPair:
        self.fetches += 1
        return fetch_keys(self.secrets.client, "signing", known)


@pytest.mark.parametrize("seed", range(20))
def test_two_rotations_refuse_no_text_that_is_young_enough(seed: int) -> None:
    """A text lives until the second rotation after it. With a rotation a day that is a day, less the time until a new
    key signs.
    """
    random, environments = Random(seed), Environments(6)
    start = environments.now
    life = DAY - ACTIVATION_SECONDS
    rotations = [start + DAY, start + 2 * DAY]
    texts: list[tuple[float, str]] = []
    while environments.now < start + 2 * DAY + 2 * ACTIVATION_SECONDS:
        if rotations and environments.now >= rotations[0]:
            rotations.pop(0)
            environments.secrets.rotate()
        near = any(0 <= environments.now - moment < 1000 for moment in (start + DAY, start + 2 * DAY))
        texts.append((environments.now, sign(PURPOSE, b"payload", random.choice(environments.all))))
        for signed_at, text in [*texts[-20:], *random.sample(texts, min(20, len(texts)))]:
            if environments.now - signed_at <= life:
                assert verify(PURPOSE, text, random.choice(environments.all)) == b"payload"
        step = random.uniform(0.1, 20) if near else random.uniform(60, 1200)
        environments.now = min(environments.now + step, *rotations[:1] or [environments.now + step])


def test_a_new_key_signs_once_every_environment_knows_it() -> None:
    environments = Environments(2)
    signer, reader = environments.all
    before = sign(PURPOSE, b"payload", signer)
    verify(PURPOSE, before, reader)
    environments.secrets.rotate()
    environments.now += REFRESH_SECONDS

    # Known to the signer, but too young.
    assert decoded(sign(PURPOSE, b"payload", signer))[:4] == decoded(before)[:4]
    environments.now += ACTIVATION_SECONDS - REFRESH_SECONDS
    after = sign(PURPOSE, b"payload", signer)
    assert decoded(after)[:4] != decoded(before)[:4]
    assert verify(PURPOSE, after, reader) == b"payload"
    assert verify(PURPOSE, before, reader) == b"payload"


def test_a_text_is_refused_after_the_second_rotation() -> None:
    environments = Environments(1)
    text = sign(PURPOSE, b"payload", environments.all[0])
    for _ in range(2):
        environments.secrets.rotate()
        environments.now += REFRESH_SECONDS

    assert refused(text, environments.all[0])


def test_an_unknown_key_id_makes_one_fetch_a_minute_at_most() -> None:
    environments = Environments(1)
    [keys] = environments.all
    made_up = [sign(PURPOSE, b"payload", keyring_with(f"made up {number}")) for number in range(50)]
    keys.signing_key()
    environments.now += REFETCH_SECONDS

    assert all(refused(text, keys) for text in made_up)
    assert environments.fetches == 2
    environments.now += REFETCH_SECONDS
    assert all(refused(text, keys) for text in made_up)
    assert environments.fetches == 3


def test_a_key_of_a_hasty_double_rotation_is_fetched_when_it_is_first_seen() -> None:
    environments = Environments(2)
    signer, reader = environments.all
    reader.signing_key()
    environments.now += REFETCH_SECONDS
    for _ in range(2):
        environments.secrets.rotate()

    text = sign(PURPOSE, b"payload", signer)

    assert verify(PURPOSE, text, reader) == b"payload"


def test_an_outage_of_the_secret_stops_nobody_who_has_keys() -> None:
    environments = Environments(1)
    [keys] = environments.all
    text = sign(PURPOSE, b"payload", keys)
    environments.secrets.failing = True

    for _ in range(10):
        environments.now += REFRESH_SECONDS / 2
        assert verify(PURPOSE, text, keys) == b"payload"
    environments.secrets.failing = False
    environments.secrets.rotate()
    environments.now += max(REFRESH_SECONDS, ACTIVATION_SECONDS)
    assert decoded(sign(PURPOSE, b"payload", keys))[:4] != decoded(text)[:4]


def test_an_outage_before_the_first_fetch_is_reported() -> None:
    environments = Environments(1)
    environments.secrets.failing = True

    with pytest.raises(KeysUnavailable) as raised:
        sign(PURPOSE, b"payload", environments.all[0])
    assert isinstance(raised.value.__cause__, ClientError)


def test_nothing_rotated_takes_one_call_and_a_rotation_between_two_calls_hides_no_key() -> None:
    secrets = FakeSecrets(lambda: 0.0)
    secrets.rotate()
    secrets.rotate()
    pair = fetch_keys(secrets.client, "signing", None)
    secrets.asked.clear()
    assert fetch_keys(secrets.client, "signing", pair) is pair
    assert secrets.asked == ["AWSCURRENT"]

    secrets.after_current = secrets.rotate
    assert fetch_keys(secrets.client, "signing", None).find(pair.current.id) == pair.current


def test_without_secrets_manager_the_setting_is_the_key() -> None:
    assert verify(PURPOSE, sign(PURPOSE, b"payload", keyring_of("literal:x")), keyring_of("literal:x")) == b"payload"
    assert refused(sign(PURPOSE, b"payload", keyring_of("literal:x")), keyring_of("literal:y"))
