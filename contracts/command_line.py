"""Writes the generated parts of docs/reference/command-line.md: `python -m contracts.command_line`.

The page has a pair of comments around each generated part: `<!-- generated: rebuild run -->` and
`<!-- end of generated part -->`. The text outside of them is written by hand.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from typing import Final

from contracts.errors import ContractError
from local.environments import ROOT
from operations.command_line import COMMANDS, GROUPS, Command, Group, build_parser, example_of

PAGE: Final = ROOT / "docs" / "reference" / "command-line.md"
# Options of every command; the page describes them once.
COMMON: Final = frozenset({"--json", "--stack-name", "--home"})
_PART: Final = re.compile(r"(<!-- generated: ([a-z -]+) -->\n).*?(<!-- end of generated part -->)", re.DOTALL)


def rendered(page: str) -> str:
    """Return a page with its generated parts renewed.

    Args:
        page: The text of the page.

    Raises:
        ContractError: A command has no part in the page, or a part belongs to no command.
    """
    parts = _parts()
    named = {name for _, name, _ in _PART.findall(page)}
    if differing := named ^ parts.keys():
        raise ContractError(
            f"These parts are only in the page or only in the code: {', '.join(sorted(differing))}. "
            "Add or remove them in docs/reference/command-line.md."
        )
    return _PART.sub(lambda found: f"{found[1]}\n{parts[found[2]]}\n{found[3]}", page)


def _parts() -> dict[str, str]:
    commands = {command.name: command for command in COMMANDS}
    steps = {f"{group.name} {step.name}": step for group in GROUPS for step in group.steps}
    described = {name: _description(name, command) for name, command in (commands | steps).items()}
    helps = {name: command.help for name, command in commands.items()}
    common = _options(_parser_of("status"), common=True)
    return {
        "commands": _list({**helps, **{group.name: group.help for group in GROUPS}}),
        **{group.name: _list(_helps(group)) for group in GROUPS},
        "common options": common,
        **described,
    }


def _helps(group: Group) -> dict[str, str]:
    return {f"{group.name} {step.name}": step.help for step in group.steps}


def _list(helps: dict[str, str]) -> str:
    rows = [f"| [`{name}`](#{name.replace(' ', '-')}) | {text} |" for name, text in helps.items()]
    return _table("Command", "Does", rows)


def _description(name: str, command: Command) -> str:
    parser = _parser_of(name)
    parts = [parser.description or "", f"```sh\n{example_of(command.example)}\n```\n"]
    return "\n\n".join(parts) + (f"\n{options}" if (options := _options(parser, common=False)) else "")


def _options(parser: argparse.ArgumentParser, *, common: bool) -> str:
    rows = [
        f"| `{_usage(action)}` | {action.help} |"
        for action in parser._actions  # noqa: SLF001 - argparse has no public list of options
        if action.dest != "help" and (action.option_strings[0] in COMMON) is common
    ]
    return _table("Option", "Effect", rows) if rows else ""


def _usage(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return f"{action.option_strings[0]}{value}{' ...' if action.nargs == '+' else ''}"


def _table(first: str, second: str, rows: list[str]) -> str:
    return "\n".join([f"| {first} | {second} |", "|---|---|", *rows, ""])


def _parser_of(name: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = build_parser()
    commands = next(iter(_choices(parser)))
    for word in [name] if name in commands else name.split():
        parser = next(iter(_choices(parser)))[word]
    return parser


def _choices(parser: argparse.ArgumentParser) -> Iterator[dict[str, argparse.ArgumentParser]]:
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of subcommands
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield action.choices


if __name__ == "__main__":
    try:
        PAGE.write_text(rendered(PAGE.read_text()))
    except ContractError as error:
        sys.exit(f"contracts.command_line: nothing was written. {error}")
