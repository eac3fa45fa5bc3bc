"""How this machine reaches its package index: pip's settings, in pip's words and in uv's.

A company sets its mirror, proxy and certificate for pip, in `pip.conf` or in variables. uv reads neither, so its
variables are filled from them. Settings that change where pip installs, such as `user` and `target`, are left out: they
would send the packages out of the environment.

It runs before anything is installed, so it imports only the standard library.

Sources: pip's user guide, "Configuration"; uv's reference, "Environment variables".
"""

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from local.errors import SetupError

# What a user may say about reaching the index. Everything else of pip's would change what is installed, or where.
REACHING: Final = ("index-url", "extra-index-url", "find-links", "no-index", "cert", "client-cert", "proxy",
                   "trusted-host", "timeout", "retries", "keyring-provider")  # fmt: skip
_OLD_NAME: Final = "default-timeout"
_UV_KEPT: Final = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_OFFLINE",
                   "UV_SYSTEM_CERTS", "UV_NATIVE_TLS", "UV_INSECURE_HOST", "UV_CACHE_DIR", "UV_NO_CACHE", "UV_HTTP_",
                   "UV_KEYRING_PROVIDER", "UV_LINK_MODE", "UV_CONCURRENT_", "UV_REQUEST_TIMEOUT", "UV_CONFIG_FILE",
                   "UV_PYTHON_INSTALL_", "UV_PYTHON_DOWNLOADS")  # fmt: skip
# `python -m venv` and pip obey these, and some make them fail.
_DROPPED: Final = ("PIP_", "PYTHON", "UV_", "VIRTUAL_ENV", "CONDA_", "MAKE", "MFLAGS", "__PYVENV_LAUNCHER__")
_CERTIFICATES: Final = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def settings(ambient: Mapping[str, str]) -> dict[str, str]:
    """Pip's settings for reaching the index: option -> value.

    Args:
        ambient: The user's environment.

    Raises:
        SetupError: A configuration file cannot be read.
    """
    found: dict[str, str] = {}
    for file in _files(ambient):
        found |= _from_file(file)
    for name in (*REACHING, _OLD_NAME):
        if value := ambient.get("PIP_" + name.upper().replace("-", "_")):
            found[name.removeprefix("default-")] = value
    return found


def pip_options(found: Mapping[str, str]) -> list[str]:
    """The settings as options of pip's command line, for a pip that reads no configuration."""
    options = []
    for name in REACHING:
        if name == "no-index":
            options += ["--no-index"] * _is_on(found.get(name, ""))
        elif name in ("extra-index-url", "find-links", "trusted-host"):
            options += [f"--{name}={each}" for each in found.get(name, "").split()]
        elif value := found.get(name):
            options.append(f"--{name}={value}")
    return options


def environment(ambient: Mapping[str, str], state: Path) -> dict[str, str]:
    """The environment in which pip and uv install, and nothing but the index is the user's.

    Args:
        ambient: The user's environment.
        state: `.local`, for uv's cache if the home folder cannot be written.

    Raises:
        SetupError: A configuration file of pip's cannot be read.
    """
    kept = {name: value for name, value in ambient.items() if not name.startswith(_DROPPED)}
    kept |= {name: value for name, value in ambient.items() if name.startswith(_UV_KEPT)}
    # os.devnull is pip's word for "no configuration file": a `user` or `target` in one would send packages elsewhere.
    kept |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    found = settings(ambient)
    for name, value in _in_uvs_words(found).items():
        kept.setdefault(name, value)
    certificate = found.get("cert") or next((kept[name] for name in _CERTIFICATES if kept.get(name)), None)
    if certificate:
        kept.setdefault("SSL_CERT_FILE", certificate)
    # The system's certificates include the company's own, and uv's built-in ones do not.
    if not {"UV_NATIVE_TLS", "UV_SYSTEM_CERTS"} & kept.keys():
        kept["UV_SYSTEM_CERTS"] = "true"
    # Always named, because some programs between make and uv get another home folder.
    kept["UV_CACHE_DIR"] = cache_folder(ambient) if cache_is_writable(ambient) else str(state / "cache")
    return kept


def cache_folder(ambient: Mapping[str, str]) -> str:
    """Where uv usually keeps its downloads; empty without a home folder."""
    if named := ambient.get("UV_CACHE_DIR"):
        return named
    base = ambient.get("XDG_CACHE_HOME") or (f"{ambient['HOME']}/.cache" if ambient.get("HOME") else "")
    return f"{base}/uv" if base else ""


def cache_is_writable(ambient: Mapping[str, str]) -> bool:
    """Whether uv can keep its downloads where it usually does."""
    usual = cache_folder(ambient)
    folder = Path(usual)
    while usual and not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return bool(usual) and folder.is_dir() and _takes_files(folder)


def _takes_files(folder: Path) -> bool:
    # Not os.access: root passes it even on a read-only file system.
    probe = folder / f".customers-api-{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _in_uvs_words(found: Mapping[str, str]) -> dict[str, str]:
    words = {
        "UV_DEFAULT_INDEX": found.get("index-url", ""),
        "UV_INDEX": " ".join(found.get("extra-index-url", "").split()),
        # Like pip, which takes a version from whichever index has it. The lock's hashes decide what is installed.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if "extra-index-url" in found else "",
        "UV_FIND_LINKS": ",".join(found.get("find-links", "").split()),
        "UV_NO_INDEX": "1" if _is_on(found.get("no-index", "")) else "",
        "UV_INSECURE_HOST": " ".join(found.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": found.get("timeout", ""),
        "HTTPS_PROXY": found.get("proxy", ""),
        "HTTP_PROXY": found.get("proxy", ""),
        "SSL_CLIENT_CERT": found.get("client-cert", ""),
    }
    return {name: value for name, value in words.items() if value}


def _is_on(value: str) -> bool:
    return value.lower() in ("1", "true", "yes", "on")


def _files(ambient: Mapping[str, str]) -> Iterator[Path]:
    """The configuration files that pip reads, the strongest last."""
    named = ambient.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    shared = Path("/Library/Application Support") if sys.platform == "darwin" else Path("/etc/xdg")
    yield shared / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    if home := ambient.get("HOME"):
        yield Path(home) / ".pip" / "pip.conf"
        if sys.platform == "darwin":
            yield Path(home) / "Library" / "Application Support" / "pip" / "pip.conf"
        yield Path(ambient.get("XDG_CONFIG_HOME") or f"{home}/.config") / "pip" / "pip.conf"
    if active := ambient.get("VIRTUAL_ENV"):
        yield Path(active) / "pip.conf"
    if named:
        yield Path(named)


def _from_file(file: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        if not file.is_file():
            return {}
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SetupError(
            f"pip's configuration file {file} cannot be read ({reason}). Repair it, or run PIP_CONFIG_FILE=/dev/null "
            "make up to go without it."
        ) from error
    found = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            for name, value in parser.items(section):
                option = name.replace("_", "-").removeprefix("--")
                if option in (*REACHING, _OLD_NAME) and value.strip():
                    found[option.removeprefix("default-")] = value.strip()
    return found
