"""Settings of a function, read from the environment variables in template.yml."""

import os


class MissingSetting(Exception):
    """An environment variable that the function requires is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The environment variable {name} is not set: template.yml sets it for this function.")


def required(name: str) -> str:
    """Read a required setting.

    Call it at import time, so that a wrong deployment fails at its start and not at some request.

    Args:
        name: The environment variable.

    Raises:
        MissingSetting: The variable is absent or empty.
    """
    value = os.environ.get(name, "")
    if not value:
        raise MissingSetting(name)
    return value
