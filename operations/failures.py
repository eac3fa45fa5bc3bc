"""`redrive-failures`: what the readers of the stream gave up, queue by queue."""

import argparse

from operations.lost_batches import redrive_lost_batches
from operations.output import Output
from operations.unpublished import redrive_unpublished
from operations.wiring import Tools


def redrive_failures(tools: Tools, arguments: argparse.Namespace, output: Output) -> int:
    """Bring the projection up to date, then publish.

    Returns:
        1 when something is left in one of the queues.
    """
    return max(redrive_lost_batches(tools, arguments, output), redrive_unpublished(tools, arguments, output))
