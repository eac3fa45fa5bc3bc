"""The stack's alarms that are on."""

from typing import TYPE_CHECKING

from operations.jobs.health.readings import ActiveAlarm
from shared.runtime.clock import timestamp

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


def active_alarms(client: "CloudWatchClient", prefix: str) -> list[ActiveAlarm]:
    """Return the alarms in the state ALARM, by name.

    Args:
        prefix: With which the names of the stack's alarms begin, such as `production-customers-`.
    """
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm"])
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"] if alarm["StateValue"] == "ALARM"]
    return [
        ActiveAlarm(
            alarm["AlarmName"],
            alarm["AlarmName"].removeprefix(prefix),
            timestamp(alarm["StateUpdatedTimestamp"]),
            alarm.get("StateReason", ""),
        )
        for alarm in sorted(alarms, key=lambda alarm: alarm["AlarmName"])
    ]
