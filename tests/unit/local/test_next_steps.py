"""What `make up` and `make status` print for a person who wants to go on."""

import shlex
from pathlib import Path

from local.demo_user import DemoUser
from local.environments import ROOT, STATE
from local.home import StackHome
from local.next_steps import WHAT_NOW, lines, request

API = "http://127.0.0.1:4566/_aws/execute-api/ab12cd34/local"
OUTPUTS = {"ApiEndpoint": API}
HERE = StackHome(STATE, 4566)


def printed(home: StackHome = HERE) -> str:
    return "\n".join(lines(home, OUTPUTS, DemoUser("demo@example.com", "secret")))


def test_the_addresses_are_printed() -> None:
    text = printed().splitlines()

    assert f"API       {API}" in text
    assert f"Docs      {API}/docs" in text
    assert f"Sign in   {API}/docs#sign-in" in text
    assert "          as demo@example.com with the password secret" in text


def test_the_request_to_paste_goes_past_every_proxy() -> None:
    [line] = [line for line in printed().splitlines() if line.startswith("Try ")]

    words = shlex.split(line)
    assert words[1:4] == ["curl", "--noproxy", "*"]
    assert words[-2:] == ["Authorization: Bearer $(make -s token)", f"{API}/customers"]


def test_there_are_three_ways_to_go_on_and_each_leads_somewhere() -> None:
    targets = (ROOT / "Makefile").read_text()

    assert len(WHAT_NOW) == 3
    for what, where in WHAT_NOW.items():
        assert f"  {what}" in printed()
        assert where in printed()
        assert (ROOT / where).is_file() or f"\n{where.removeprefix('make ')}:" in targets


def test_the_commands_find_a_stack_in_another_folder() -> None:
    other = StackHome(Path("/somewhere/with a blank"), 4567)

    assert "$(make -s token STACK_HOME='/somewhere/with a blank')" in request(other, API)
    assert "make demo STACK_HOME='/somewhere/with a blank'" in printed(other)


def test_an_address_with_a_question_mark_is_quoted() -> None:
    assert request(HERE, f"{API}/customers?limit=5").endswith(f"'{API}/customers?limit=5'")


def test_without_a_user_none_is_named() -> None:
    assert "password" not in "\n".join(lines(HERE, OUTPUTS, None))
