"""A company's settings for pip reach uv too, and settings that send packages elsewhere reach neither."""

from pathlib import Path

import pytest

from local import package_index
from local.errors import SetupError


@pytest.fixture(autouse=True)
def _only_the_users_own_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own /etc/pip.conf is not part of the tests."""
    every = package_index._files
    monkeypatch.setattr(
        package_index, "_files", lambda ambient: (file for file in every(ambient) if not file.is_relative_to("/etc"))
    )


def ambient(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "PATH": "/usr/bin", **more}


def write_config(home: Path, text: str) -> None:
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(text)


def test_settings_that_move_the_packages_are_dropped(tmp_path: Path) -> None:
    write_config(tmp_path, "[global]\nuser = true\ntarget = /elsewhere\n[install]\nprefix = /elsewhere\n")
    moved = {"PIP_USER": "1", "PIP_TARGET": "/elsewhere", "PYTHONWARNINGS": "error", "UV_SYSTEM_PYTHON": "1"}

    env = package_index.environment(ambient(tmp_path, **moved), tmp_path)

    assert not moved.keys() & env.keys()
    assert env["PIP_CONFIG_FILE"] == "/dev/null"
    assert package_index.settings(ambient(tmp_path, **moved)) == {}


def test_a_companys_index_in_pip_conf_is_used_by_pip_and_by_uv(tmp_path: Path) -> None:
    write_config(
        tmp_path,
        "[global]\nindex_url = https://mirror.example/simple\nextra-index-url =\n    https://a.example/s\n"
        "    https://b.example/s\ntrusted-host = mirror.example\nproxy = http://proxy.example:3128\ntimeout = 90\n",
    )

    env = package_index.environment(ambient(tmp_path), tmp_path)
    options = package_index.pip_options(package_index.settings(ambient(tmp_path)))

    assert env["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert env["UV_INDEX"] == "https://a.example/s https://b.example/s"
    assert env["UV_INSECURE_HOST"] == "mirror.example"
    assert env["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert env["UV_HTTP_TIMEOUT"] == "90"
    assert "--index-url=https://mirror.example/simple" in options
    assert "--extra-index-url=https://b.example/s" in options


def test_variables_are_stronger_than_files(tmp_path: Path) -> None:
    write_config(tmp_path, "[global]\nindex-url = https://mirror.example/simple\n")
    chosen = ambient(tmp_path, PIP_INDEX_URL="https://other.example/simple")

    assert package_index.environment(chosen, tmp_path)["UV_DEFAULT_INDEX"] == "https://other.example/simple"


def test_settings_for_uv_itself_are_kept(tmp_path: Path) -> None:
    chosen = ambient(
        tmp_path, UV_OFFLINE="1", UV_DEFAULT_INDEX="https://uv.example", PIP_INDEX_URL="https://pip.example"
    )

    env = package_index.environment(chosen, tmp_path)

    assert env["UV_OFFLINE"] == "1"
    assert env["UV_DEFAULT_INDEX"] == "https://uv.example"


@pytest.mark.parametrize("name", ["PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_companys_certificate_reaches_uv_however_it_is_set(tmp_path: Path, name: str) -> None:
    env = package_index.environment(ambient(tmp_path, **{name: "/company.pem"}), tmp_path)

    assert env["SSL_CERT_FILE"] == "/company.pem"
    assert env["UV_SYSTEM_CERTS"] == "true"


@pytest.mark.parametrize("broken", ["index-url = no section\n", "[global\n", "[global]\nindex-url\n"])
def test_a_broken_pip_conf_is_named_in_one_sentence(tmp_path: Path, broken: str) -> None:
    write_config(tmp_path, broken)

    with pytest.raises(SetupError, match=r"pip\.conf cannot be read .*PIP_CONFIG_FILE=/dev/null"):
        package_index.settings(ambient(tmp_path))
    assert package_index.settings(ambient(tmp_path, PIP_CONFIG_FILE="/dev/null")) == {}


def test_uv_keeps_its_downloads_in_the_home_folder(tmp_path: Path) -> None:
    env = package_index.environment(ambient(tmp_path), tmp_path / "state")

    assert env["UV_CACHE_DIR"] == f"{tmp_path}/.cache/uv"


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": "/proc/no/home"}])
def test_without_a_home_folder_they_are_kept_in_the_checkout(tmp_path: Path, home: dict[str, str]) -> None:
    env = package_index.environment({"PATH": "/usr/bin", **home}, tmp_path / "state")

    assert env["UV_CACHE_DIR"] == f"{tmp_path}/state/cache"
