"""Settings of a function, read from the environment that template.yml gives it."""

import os


class MissingSetting(Exception):
    """A function was started without a variable that it needs."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The environment variable {name} is not set: template.yml sets it for this function.")


def required(name: str) -> str:
    """Read a setting that the function cannot work without.

    Args:
        name: The environment variable.

    Raises:
        MissingSetting: It is absent or empty, so that a wrong deployment fails at its start and not at some request.
    """
    value = os.environ.get(name, "")
    if not value:
        raise MissingSetting(name)
    return value
