"""A user for the hosted sign-in page, who may read and write."""

import contextlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.aws import LocalAws
from local.home import StackHome, write_private
from local.outputs import Outputs
from shared.runtime.stored_fields import known_fields

WRITERS: Final = "customer-writers"


@dataclass(frozen=True, slots=True)
class DemoUser:
    """The credentials to type on the sign-in page."""

    email: str
    password: str


def ensure(home: StackHome, outputs: Outputs) -> DemoUser:
    """Create the user, or reset its password. Each stack folder has one random password."""
    user = _stored_user(home)
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
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=user.email, GroupName=WRITERS)
    return user


def sign_in_url(outputs: Outputs) -> str:
    """The address that leads straight to the sign-in page and, from there, to the documentation."""
    return f"{outputs['ApiEndpoint']}/docs#sign-in"


def find(home: StackHome) -> DemoUser | None:
    """The user that an earlier `ensure` created, or None."""
    try:
        return DemoUser(**known_fields(DemoUser, json.loads(_file(home).read_text())))
    except (OSError, ValueError, TypeError):
        return None


def _stored_user(home: StackHome) -> DemoUser:
    if found := find(home):
        return found
    # The ending has one character of each kind that the pool's password policy requires.
    user = DemoUser("demo@example.com", f"{secrets.token_urlsafe(12)}-aA1")
    write_private(_file(home), json.dumps({"email": user.email, "password": user.password}))
    return user


def _file(home: StackHome) -> Path:
    return home.folder / "demo-user.json"
