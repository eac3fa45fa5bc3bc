"""A small AWS command line for the commands that the documentation shows: it checks them, and runs them.

It reads arguments as the AWS CLI does (user guide, "Specify parameter values" and "Shorthand syntax"), by the models of
botocore. It knows what the documentation uses: operations, waiters, `--query`, `--output text` and `file://`.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import botocore.session
import jmespath
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import UnknownServiceError
from botocore.validate import ParamValidator

if TYPE_CHECKING:
    from botocore.waiter import WaiterModel

GLOBAL: Final = {"--query", "--output", "--max-items"}
_NUMBERS: Final = {"integer": int, "long": int, "float": float, "double": float}


class WrongCommand(Exception):
    """The AWS CLI would refuse the command."""


@dataclass(frozen=True, slots=True)
class AwsCommand:
    """One command, parsed.

    Attributes:
        service: The service by its name in the command.
        operation: The operation by its name in the API.
        waiter: The waiter by its name in the model; empty for an operation.
        parameters: The request.
        options: The options that every command has.
    """

    service: str
    operation: str
    waiter: str
    parameters: dict[str, Any]
    options: dict[str, str]


def parse(words: Sequence[str], files: Path | None = None) -> AwsCommand:
    """Parse a command.

    Args:
        words: The words after `aws`.
        files: Where `file://` begins; None to leave files unread.

    Raises:
        WrongCommand: The AWS CLI would refuse it.
    """
    service, name, *rest = words
    try:
        model = _SESSION.get_service_model(service)
    except UnknownServiceError as unknown:
        raise WrongCommand(str(unknown)) from None
    waiter = ""
    if name == "wait":
        waiter, operation, rest = *_waiter(service, rest[0]), rest[1:]
    else:
        operation = _by_cli_name(model.operation_names, name)
    shape = model.operation_model(operation).input_shape
    parameters, options = _arguments(shape, rest, files)
    if shape is None:
        return AwsCommand(service, operation, waiter, parameters, options)
    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        raise WrongCommand(report.generate_report())
    return AwsCommand(service, operation, waiter, parameters, options)


def _waiter(service: str, name: str) -> tuple[str, str]:
    """The waiter and the operation that it calls."""
    waiters: WaiterModel = _SESSION.get_waiter_model(service)
    found = _by_cli_name(waiters.waiter_names, name)
    return found, waiters.get_waiter(found).operation


def _by_cli_name(names: Sequence[str], wanted: str) -> str:
    known = {xform_name(name, "-"): name for name in names}
    if wanted not in known:
        raise WrongCommand(f"there is no {wanted!r}")
    return known[wanted]


def _arguments(shape: Any, words: Sequence[str], files: Path | None) -> tuple[dict[str, Any], dict[str, str]]:
    members = {xform_name(name, "-"): name for name in shape.members} if shape else {}
    parameters: dict[str, Any] = {}
    options: dict[str, str] = {}
    for option, values in _grouped(words):
        if option in GLOBAL:
            [options[option]] = values
            continue
        name = option.removeprefix("--")
        is_off = name not in members and name.startswith("no-")
        name = name.removeprefix("no-") if is_off else name
        if name not in members:
            raise WrongCommand(f"there is no option {option}")
        member = shape.members[members[name]]
        parameters[members[name]] = not is_off if member.type_name == "boolean" else _value(member, values, files)
    if query := options.get("--query"):
        jmespath.compile(query)
    return parameters, options


def _grouped(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    option: str | None = None
    values: list[str] = []
    for word in words:
        if word.startswith("--"):
            if option:
                yield option, values
            option, values = word, []
        elif option is None:
            raise WrongCommand(f"{word!r} belongs to no option")
        else:
            values.append(word)
    if option:
        yield option, values


def _value(shape: Any, words: list[str], files: Path | None) -> Any:
    first = words[0] if words else ""
    if first.startswith("file://"):
        return json.loads((files / first.removeprefix("file://")).read_text()) if files else {}
    if shape.type_name in ("structure", "map", "list") and first[:1] in ("{", "["):
        return json.loads(first)
    if shape.type_name == "list":
        return [_scalar_or_shorthand(shape.member, word) for word in words]
    if len(words) != 1:
        raise WrongCommand(f"one value is needed, not {words}")
    return _scalar_or_shorthand(shape, first)


def _scalar_or_shorthand(shape: Any, word: str) -> Any:
    if shape.type_name == "structure":
        return {name: _scalar(shape.members[name], text) for name, text in _pairs(shape.members, word)}
    if shape.type_name == "map":
        return {name: _scalar(shape.value, text) for name, text in (part.split("=", 1) for part in word.split(","))}
    return _scalar(shape, word)


def _pairs(members: Any, word: str) -> Iterator[tuple[str, str]]:
    for part in word.split(","):
        name, found, text = part.partition("=")
        if not found or name not in members:
            raise WrongCommand(f"{part!r} is not one of {list(members)} with a value")
        yield name, text


def _scalar(shape: Any, word: str) -> Any:
    if shape.type_name in _NUMBERS:
        return _NUMBERS[shape.type_name](word)
    if shape.type_name == "boolean":
        return {"true": True, "false": False}[word]
    if shape.type_name == "timestamp":
        return datetime.fromtimestamp(int(word), UTC) if word.isdecimal() else datetime.fromisoformat(word)
    if getattr(shape, "enum", None) and word not in shape.enum:
        raise WrongCommand(f"{word!r} is not one of {shape.enum}")
    return word


def run(command: AwsCommand) -> Any:
    """Carry a command out, with what the environment says."""
    client = botocore.session.get_session().create_client(command.service)
    if command.waiter:
        client.get_waiter(xform_name(command.waiter)).wait(**command.parameters)
        return None
    method = xform_name(command.operation)
    if client.can_paginate(method):
        answer = client.get_paginator(method).paginate(**command.parameters).build_full_result()
    else:
        answer = getattr(client, method)(**command.parameters)
    answer.pop("ResponseMetadata", None)
    query = command.options.get("--query")
    return jmespath.search(query, answer) if query else answer


def as_text(found: Any) -> str:
    """Format an answer as `--output text` does, as far as scalars and lists of them go."""
    if isinstance(found, list):
        nested = any(isinstance(each, list) for each in found)
        return ("\n" if nested else "\t").join(map(as_text, found))
    return str(found)


_SESSION: Final = botocore.session.get_session()


def main(words: Sequence[str]) -> int:
    """Run one command."""
    try:
        command = parse(words, Path.cwd())
        found = run(command)
    except (WrongCommand, BotoCoreError, ClientError) as error:
        print(f"aws: {error}", file=sys.stderr)
        return 255
    if found is not None:
        print(as_text(found) if command.options.get("--output") == "text" else json.dumps(found, default=str, indent=4))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
