"""Runs the SAM CLI with libyaml's parser.

The SAM CLI reads the template ten times in one build and deploy, each time with PyYAML's own parser, which takes a
second for this template on a slow machine. libyaml builds the same nodes in a tenth of the time.

It runs on the SAM CLI's interpreter as a script and imports nothing of this project.
"""

import yaml


def main() -> None:
    """Run the command line."""
    yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[misc, assignment]  # it has the same interface
    from samcli.cli.main import cli  # type: ignore[import-not-found]  # noqa: PLC0415

    cli(prog_name="sam")


if __name__ == "__main__":
    main()
