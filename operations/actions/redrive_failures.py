"""`redrive-failures`: what the readers of the stream gave up, queue by queue."""

import argparse

from operations.jobs.lost_batches import redrive_lost_batches
from operations.jobs.unpublished import redrive_unpublished
from operations.output import Output
from operations.stack import Stack


def redrive_failures(tools: Stack, arguments: argparse.Namespace, output: Output) -> int:
    """Bring the projection up to date, then publish.

    Returns:
        1 when something is left in one of the queues.
    """
    return max(redrive_lost_batches(tools, arguments, output), redrive_unpublished(tools, arguments, output))
