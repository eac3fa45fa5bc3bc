"""What a person needs once the stack runs: addresses, a user, a request to paste, and where to go from here."""

import shlex
from collections.abc import Iterator

from local import demo_user
from local.demo_user import DemoUser
from local.environments import STATE
from local.home import StackHome
from local.outputs import Outputs

# What to do -> the page that explains it or the command that does it.
WHAT_NOW = {
    "Send your first requests": "docs/start/first-requests.md",
    "Fill it with a hundred people": "make demo",
    "See how it works inside": "docs/start/tour.md",
}


def lines(home: StackHome, outputs: Outputs, user: DemoUser | None) -> Iterator[str]:
    """The lines that `make up` and `make status` print.

    Args:
        user: Who may sign in; None if there is nobody yet.
    """
    api = outputs["ApiEndpoint"]
    yield f"API       {api}"
    yield f"Docs      {api}/docs"
    yield f"Sign in   {demo_user.sign_in_url(outputs)}"
    if user:
        yield f"          as {user.email} with the password {user.password}"
    yield f"Try       {request(home, f'{api}/customers')}"
    yield ""
    yield "What now?"
    for what, where in WHAT_NOW.items():
        yield f"  {what:<31}{where}{flags(home) if where.startswith('make ') else ''}"


def request(home: StackHome, address: str) -> str:
    """A request to paste. A proxy that the environment names is not asked: it would not find this machine's port."""
    return f"""curl --noproxy '*' -s -H "Authorization: Bearer $(make -s token{flags(home)})" {shlex.quote(address)}"""


def flags(home: StackHome) -> str:
    """What a make target needs to find this stack."""
    return "" if home.folder == STATE else f" STACK_HOME={shlex.quote(str(home.folder))}"
