"""Runs the event source mappings of one local AWS: `python -m local.event_source_mapping --state DIR`."""

import argparse
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from local.event_source_mapping.aws import AwsDestination, AwsInvoker, AwsStream, list_mappings
from local.event_source_mapping.checkpoints import FileCheckpoints
from local.event_source_mapping.driver import Ports
from local.event_source_mapping.policy import PollingPolicy
from local.event_source_mapping.service import MappingService, PortsFor, SystemClock
from local.signals import stop_on_signal

if TYPE_CHECKING:
    from local.event_source_mapping.service import ReportProblem
    from local.event_source_mapping.settings import MappingSettings

# Seconds. A function may run for 15 minutes. A client with a shorter timeout would invoke it a second time in parallel.
_INVOKE_TIMEOUT: Final = 905


def ports_on_aws(session: boto3.session.Session, folder: Path) -> PortsFor:
    """Make the ports of a mapping on AWS.

    Args:
        session: Creates the clients, which all mappings share.
        folder: The folder for checkpoints.
    """
    quick = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1}, max_pool_connections=50)
    streams = session.client("dynamodbstreams", config=quick)
    functions = session.client("lambda", config=quick.merge(Config(read_timeout=_INVOKE_TIMEOUT)))
    destination = AwsDestination(session.client("sqs", config=quick), session.client("sns", config=quick))

    def ports_for(settings: "MappingSettings", report_problem: "ReportProblem") -> Ports:
        return Ports(
            stream=AwsStream(streams, settings.stream_arn),
            invoker=AwsInvoker(functions, settings.function_arn),
            destination=destination,
            checkpoints=FileCheckpoints(folder, settings.uuid, settings.stream_arn),
            clock=SystemClock(),
            report_problem=report_problem,
        )

    return ports_for


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m local.event_source_mapping",
        description="Runs every DynamoDB stream mapping of an account until SIGTERM.",
    )
    parser.add_argument(
        "--state", type=Path, required=True, metavar="DIR", help="folder for checkpoints and status.json"
    )
    state: Path = parser.parse_args().state
    state.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stop = stop_on_signal()
    session = boto3.session.Session(
        region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    )
    known = session.client(
        "lambda", config=Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1})
    )
    ports_for = ports_on_aws(session, state / "checkpoints")
    MappingService(lambda: list_mappings(known), ports_for, state / "status.json", PollingPolicy()).run(stop)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
