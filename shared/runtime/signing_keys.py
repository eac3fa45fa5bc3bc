"""Where the signing keys come from: the versions AWSCURRENT and AWSPREVIOUS of a secret in Secrets Manager.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
"""

import time
from functools import cache
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from shared.runtime.clients import secrets_manager
from shared.runtime.observability import describe, logger
from shared.runtime.signing import Key, KeyPair, Keyring, KeysUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import GetSecretValueResponseTypeDef

# Instead of a secret's name, for runs without Secrets Manager such as `sam local`. The template never sets it.
_LITERAL: Final = "literal:"


@cache
def keyring_of(secret: str) -> Keyring:
    """The keyring of a secret.

    Args:
        secret: The name or ARN of a secret, or `literal:` and the key itself.
    """
    if secret.startswith(_LITERAL):
        pair = KeyPair(Key(secret.removeprefix(_LITERAL).encode(), 0))
        return Keyring(lambda _: pair, time.time)
    return Keyring(lambda known: fetch_keys(secrets_manager(), secret, known), time.time)


def fetch_keys(client: "SecretsManagerClient", secret: str, known: KeyPair | None) -> KeyPair:
    """Read the keys from Secrets Manager.

    The current version is read first. The other way round, a rotation between the two calls would hide the key that
    still signs. If the current version is the known one, nothing was rotated and one call suffices.

    Raises:
        KeysUnavailable: Secrets Manager did not return the current version, or failed to return the previous one.
    """
    try:
        current = _key(client.get_secret_value(SecretId=secret))
        return known if known and known.current == current else KeyPair(current, _previous(client, secret))
    except (BotoCoreError, ClientError) as error:
        logger.warning("signing keys cannot be read", extra=describe(error))
        raise KeysUnavailable from error


def _previous(client: "SecretsManagerClient", secret: str) -> Key | None:
    try:
        return _key(client.get_secret_value(SecretId=secret, VersionStage="AWSPREVIOUS"))
    except client.exceptions.ResourceNotFoundException:
        # The secret was never rotated.
        return None


def _key(answer: "GetSecretValueResponseTypeDef") -> Key:
    return Key(answer["SecretString"].encode(), answer["CreatedDate"].timestamp())
