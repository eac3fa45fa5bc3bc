"""The generation that a command works on."""

import argparse

from operations.stack import Stack


def chosen_generation(stack: Stack, arguments: argparse.Namespace) -> int:
    """Return the generation of `--generation`, or the active one without the option.

    Raises:
        WrongStep: The generation was given up, or never existed. A repair would write rows there that nothing keeps
            up to date, removes or erases.
    """
    generations = stack.generations.load()
    if arguments.generation is None:
        return generations.active
    generation: int = arguments.generation
    generations.must_be_fed(generation)
    return generation
