"""A batch that an event source mapping gave up, as its message in a failure queue describes it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sqs.type_defs import MessageTypeDef


@dataclass(frozen=True, slots=True)
class LostBatch:
    """A batch that an event source mapping gave up.

    Attributes:
        message: The receipt handle of its message.
        shard: The stream shard that it came from.
        first: When its first record arrived.
        last: When its last record arrived.
        records: The number of its records.
    """

    message: str
    shard: str
    first: datetime
    last: datetime
    records: int


def parse_lost_batch(message: "MessageTypeDef") -> LostBatch:
    """Parse a message that an event source mapping wrote.

    Args:
        message: See the AWS Lambda docs, "Retain discarded records for a DynamoDB event source".

    Raises:
        ValueError | KeyError | TypeError: An event source mapping did not write it.
    """
    info: Mapping[str, str] = json.loads(message["Body"])["DDBStreamBatchInfo"]
    return LostBatch(
        message=message["ReceiptHandle"],
        shard=info["shardId"],
        first=datetime.fromisoformat(info["approximateArrivalOfFirstRecord"]),
        last=datetime.fromisoformat(info["approximateArrivalOfLastRecord"]),
        records=int(info["batchSize"]),
    )
