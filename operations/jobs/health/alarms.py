"""The stack's alarms that are on."""

from typing import Any

from operations.jobs.health.readings import ActiveAlarm
from shared.runtime.clock import timestamp


def active_alarms(client: Any, prefix: str) -> list[ActiveAlarm]:
    """Return the alarms in the state ALARM, by name.

    Args:
        client: The client of CloudWatch.
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
