"""The client side of Cognito's Secure Remote Password: proves that a person knows the password, without sending it."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from tests.e2e.target import Target
from tests.e2e.tokens import Person

# The 3072-bit group of RFC 3526, section 4.
_N: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
_G: Final = 2


def access_token_by_srp(target: Target, who: Person) -> str:
    """The access token of a person who signs in with SRP."""
    private = secrets.randbits(256)
    public = pow(_G, private, _N)
    cognito = target.cognito()
    parameters = {"USERNAME": who.email, "SRP_A": f"{public:x}"}
    asked = cognito.initiate_auth(ClientId=target.people_client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=parameters)
    challenge = asked["ChallengeParameters"]
    timestamp = f"{datetime.now(UTC):%a %b} {datetime.now(UTC).day} {datetime.now(UTC):%H:%M:%S UTC %Y}"
    pool = target.user_pool_id.split("_", maxsplit=1)[1]
    secret = base64.b64decode(challenge["SECRET_BLOCK"])
    message = f"{pool}{challenge['USER_ID_FOR_SRP']}".encode() + secret + timestamp.encode()
    signature = hmac.digest(
        _key(challenge, f"{pool}{challenge['USER_ID_FOR_SRP']}:{who.password}", private), message, "sha256"
    )
    answered = cognito.respond_to_auth_challenge(
        ClientId=target.people_client_id,
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses={
            "USERNAME": challenge["USER_ID_FOR_SRP"],
            "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(signature).decode(),
            "TIMESTAMP": timestamp,
        },
    )
    return answered["AuthenticationResult"]["AccessToken"]


def _key(challenge: Mapping[str, str], identity: str, private: int) -> bytes:
    """The key that both sides derive (RFC 5054, section 2.6; the last step is Cognito's own)."""
    theirs, salt = int(challenge["SRP_B"], 16), int(challenge["SALT"], 16)
    multiplier = _number(_padded(_N) + _padded(_G))
    scrambler = _number(_padded(pow(_G, private, _N)) + _padded(theirs))
    exponent = _number(_padded(salt) + hashlib.sha256(identity.encode()).digest())
    shared = pow(theirs - multiplier * pow(_G, exponent, _N), private + scrambler * exponent, _N)
    extracted = hmac.digest(_padded(scrambler), _padded(shared), "sha256")
    return hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]


def _padded(number: int) -> bytes:
    """The bytes of a number, with a zero in front if the first bit would be a sign."""
    return number.to_bytes(number.bit_length() // 8 + 1)


def _number(content: bytes) -> int:
    return int.from_bytes(hashlib.sha256(content).digest())
