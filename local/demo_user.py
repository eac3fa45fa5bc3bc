"""A person who can sign in on the hosted page."""

import contextlib
import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from local.aws import LocalAws
from local.home import StackHome
from local.outputs import Outputs

CALLBACK = "http://localhost:8976/callback"


@dataclass(frozen=True, slots=True)
class DemoUser:
    """What to type on the sign-in page."""

    email: str
    password: str


def ensure(home: StackHome, outputs: Outputs) -> DemoUser:
    """Make the user, or give it its password again; the password is made up once for each stack folder."""
    user = _remembered(home)
    cognito = LocalAws(outputs["EndpointUrl"]).cognito
    pool = outputs["UserPoolId"]
    with contextlib.suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=user.email,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": user.email},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
    cognito.admin_set_user_password(UserPoolId=pool, Username=user.email, Password=user.password, Permanent=True)
    return user


def sign_in_url(outputs: Outputs) -> str:
    """The hosted page's address for the public client."""
    query = urlencode(
        {
            "response_type": "code",
            "client_id": outputs["UserPoolClientId"],
            "redirect_uri": CALLBACK,
            "scope": "openid customers/read customers/write",
        }
    )
    return f"{outputs['AuthorizeEndpoint']}?{query}"


def _remembered(home: StackHome) -> DemoUser:
    file = home.folder / "demo-user.json"
    try:
        return DemoUser(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        # The ending has one character of each kind that the pool's password policy asks for.
        user = DemoUser("demo@example.com", f"{secrets.token_urlsafe(12)}-aA1")
    file.touch(mode=0o600)
    file.write_text(json.dumps({"email": user.email, "password": user.password}))
    return user
