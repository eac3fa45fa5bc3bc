"""Actions for alarms, dashboards, logs and the budget."""

from collections.abc import Mapping, Sequence

from .common import TAGS, of

WATCHING: Mapping[str, Mapping[str, Sequence[str]]] = {
    "AWS::Budgets::Budget": {
        "Budgets": of("budgets", "ModifyBudget", "ViewBudget", *TAGS),
        "Anything": of("billing", "GetBillingViewData"),
    },
    "AWS::CloudWatch::Alarm": {
        "Alarms": of("cloudwatch", "DeleteAlarms", "PutMetricAlarm", *TAGS),
        "Anything": of("cloudwatch", "DescribeAlarms"),
    },
    "AWS::CloudWatch::CompositeAlarm": {
        "Alarms": of("cloudwatch", "DeleteAlarms", "PutCompositeAlarm", *TAGS),
        "Anything": of("cloudwatch", "DescribeAlarms"),
    },
    "AWS::CloudWatch::Dashboard": {
        "Dashboards": of("cloudwatch", "DeleteDashboards", "GetDashboard", "PutDashboard", *TAGS),
    },
    "AWS::Logs::LogGroup": {
        "LogGroups": of(
            "logs",
            "AssociateKmsKey",
            "CreateLogGroup",
            "DeleteLogGroup",
            "DeleteRetentionPolicy",
            "DescribeIndexPolicies",
            "DisassociateKmsKey",
            "GetDataProtectionPolicy",
            "PutRetentionPolicy",
            *TAGS,
        ),
        "Anything": of("logs", "DescribeLogGroups", "DescribeResourcePolicies"),
    },
    "AWS::Logs::MetricFilter": {
        "LogGroups": of("logs", "DeleteMetricFilter", "DescribeMetricFilters", "PutMetricFilter"),
    },
    "AWS::Logs::QueryDefinition": {
        "Anything": of("logs", "DeleteQueryDefinition", "DescribeQueryDefinitions", "PutQueryDefinition"),
    },
}
