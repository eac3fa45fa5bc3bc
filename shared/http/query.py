"""Checks query parameters. Every route refuses a parameter that it does not know, and one that is sent twice."""

from collections.abc import Collection, Mapping

from shared.http.problems import FieldError, InvalidFields, unknown_field


def parameter_errors(
    parameters: Mapping[str, str], repeated: Collection[str], known: Collection[str]
) -> list[FieldError]:
    """The parameters that no route may get, sorted by name.

    Args:
        repeated: The names of those that were sent more than once. API Gateway passes on one of their values only.
        known: The names of the route's parameters.
    """
    return [
        unknown_field(name) if name not in known else FieldError(name, f"{name} is repeated: send it once.")
        for name in sorted(parameters)
        if name not in known or name in repeated
    ]


def require_known(parameters: Mapping[str, str], repeated: Collection[str], known: Collection[str]) -> None:
    """Check that every parameter is known and sent once; see `parameter_errors`.

    Raises:
        InvalidFields: Some are not. Each is named.
    """
    if errors := parameter_errors(parameters, repeated, known):
        raise InvalidFields(errors)
