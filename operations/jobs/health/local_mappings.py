"""The event source mappings of the local stack. Those of streams are run by a process, which may be dead."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from local import event_source_mapping_process
from local.event_source_mapping.aws import AwsStream
from local.event_source_mapping.checkpoints import CheckpointsUnreadable, FileCheckpoints
from local.event_source_mapping.lag import MOST_COUNTED, lag_of
from local.event_source_mapping.ports import SourceUnavailable, StreamGone
from local.event_source_mapping.settings import SettingsError, parse_settings, reads_dynamodb
from local.home import StackHome
from local.mapping_status import problems_of
from operations.jobs.health.mappings import MappingClients, mapping_ids, reading_of_queue, settings_of
from operations.jobs.health.readings import MappingReading
from shared.runtime.clock import utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_lambda.type_defs import EventSourceMappingConfigurationResponseTypeDef as Settings

ALIVE, DEAD = "alive", "dead"


class LocalMappings:
    """Reads the mappings of the local stack."""

    def __init__(
        self,
        home: StackHome,
        clients: MappingClients,
        streams: "DynamoDBStreamsClient",
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._home = home
        self._clients = clients
        self._streams = streams
        self._now = now

    def readings(self, stack_name: str) -> Iterator[MappingReading]:
        """Read the state and the lag of each mapping."""
        is_alive = event_source_mapping_process.service(self._home).find() is not None
        for name, uuid in mapping_ids(self._clients.stacks, stack_name).items():
            settings = settings_of(self._clients.functions, uuid)
            if settings is None:
                yield MappingReading(name, "deleted", works=False)
            elif reads_dynamodb(settings):
                yield self._reading_of_stream(name, settings, is_alive=is_alive)
            else:
                yield reading_of_queue(name, settings, self._clients.queues)

    def _reading_of_stream(self, name: str, settings: "Settings", *, is_alive: bool) -> MappingReading:
        # The local AWS reports the mapping as disabled: its own reader is off, and the process reads instead.
        reading = MappingReading(name, ALIVE if is_alive else DEAD, works=is_alive)
        try:
            mapping = parse_settings(settings)
            saved = FileCheckpoints(self._home.mappings / "checkpoints", mapping.uuid, mapping.stream_arn).load()
            lag = lag_of(mapping, AwsStream(self._streams, mapping.stream_arn), saved)
        except (SettingsError, CheckpointsUnreadable, SourceUnavailable, StreamGone) as unknown:
            return replace(reading, trouble=str(unknown))
        return replace(
            reading,
            events=lag.records,
            more=lag.records >= MOST_COUNTED,
            seconds=0.0 if lag.oldest is None else max(0.0, round(self._now().timestamp() - lag.oldest, 1)),
            trouble="; ".join(problems_of(self._home, mapping.uuid)) if is_alive else "",
        )
