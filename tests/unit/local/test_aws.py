import pytest

from local.aws import LocalAws, child_environment

ENDPOINT = "http://127.0.0.1:4566"


def test_a_child_process_inherits_none_of_the_users_aws_settings() -> None:
    ambient = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "secret",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "HOME": "/me",
    }
    env = child_environment(ENDPOINT, ambient)
    assert env["AWS_ACCESS_KEY_ID"] == "test"
    assert env["AWS_ENDPOINT_URL"] == ENDPOINT
    assert env["HOME"] == "/me"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(env)


def test_the_calling_makes_flags_do_not_reach_the_make_that_sam_runs() -> None:
    assert not any(
        name.startswith(("MAKE", "MFLAGS", "PYTHON"))
        for name in child_environment(
            ENDPOINT, {"MAKEFLAGS": "-j4", "MAKELEVEL": "1", "MFLAGS": "-s", "PYTHONPATH": "elsewhere"}
        )
    )


def test_the_local_aws_is_never_called_through_a_proxy() -> None:
    env = child_environment(ENDPOINT, {"NO_PROXY": "internal.example", "HTTPS_PROXY": "http://proxy"})
    assert env["no_proxy"] == env["NO_PROXY"] == "internal.example,127.0.0.1,localhost"
    assert env["HTTPS_PROXY"] == "http://proxy"


def test_clients_ignore_the_users_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example")
    assert LocalAws(ENDPOINT).logs.meta.endpoint_url == ENDPOINT
