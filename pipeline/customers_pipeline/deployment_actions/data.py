"""Actions for tables, queues, buses, topics, secrets and keys."""

from collections.abc import Mapping, Sequence

from .common import PASS, TAGS, of

DATA: Mapping[str, Mapping[str, Sequence[str]]] = {
    "AWS::DynamoDB::Table": {
        "Tables": of(
            "dynamodb",
            "CreateTable",
            "DeleteResourcePolicy",
            "DeleteTable",
            "DescribeContinuousBackups",
            "DescribeContributorInsights",
            "DescribeKinesisStreamingDestination",
            "DescribeTable",
            "DescribeTimeToLive",
            "GetResourcePolicy",
            "ListTagsOfResource",
            "PutResourcePolicy",
            "TagResource",
            "UntagResource",
            "UpdateContinuousBackups",
            "UpdateContributorInsights",
            "UpdateTable",
            "UpdateTimeToLive",
        ),
        # For the key that encrypts it.
        "Anything": of("kms", "ListAliases"),
    },
    "AWS::Events::Archive": {
        "Buses": of("events", "CreateArchive", "DeleteArchive", "DescribeArchive", "UpdateArchive"),
    },
    "AWS::Events::EventBus": {
        "Buses": of(
            "events",
            "CreateEventBus",
            "DeleteEventBus",
            "DescribeEventBus",
            "PutPermission",
            "RemovePermission",
            "UpdateEventBus",
            *TAGS,
        ),
    },
    "AWS::Events::Rule": {
        "Buses": of(
            "events",
            "DeleteRule",
            "DescribeRule",
            "ListTargetsByRule",
            "PutRule",
            "PutTargets",
            "RemoveTargets",
            *TAGS,
        ),
        **PASS,
    },
    "AWS::KMS::Alias": {
        "KeyAliases": of("kms", "CreateAlias", "DeleteAlias", "UpdateAlias"),
        "Keys": of("kms", "CreateAlias", "DeleteAlias", "UpdateAlias"),
        "Anything": of("kms", "ListAliases"),
    },
    "AWS::KMS::Key": {
        "Keys": of(
            "kms",
            "CreateGrant",
            "Decrypt",
            "DescribeKey",
            "DisableKey",
            "DisableKeyRotation",
            "EnableKey",
            "EnableKeyRotation",
            "Encrypt",
            "GenerateDataKey",
            "GetKeyPolicy",
            "GetKeyRotationStatus",
            "ListResourceTags",
            "PutKeyPolicy",
            "RevokeGrant",
            "ScheduleKeyDeletion",
            "UntagResource",
            "UpdateKeyDescription",
        ),
        # A key that is being created has no tags yet.
        "Anything": of("kms", "CreateKey", "TagResource"),
    },
    "AWS::SNS::Subscription": {
        "Topics": of("sns", "ListSubscriptionsByTopic", "Subscribe"),
        "Anything": of("sns", "GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe"),
    },
    "AWS::SNS::Topic": {
        "Topics": of(
            "sns",
            "CreateTopic",
            "DeleteTopic",
            "GetDataProtectionPolicy",
            "GetTopicAttributes",
            "ListSubscriptionsByTopic",
            "SetTopicAttributes",
            "Subscribe",
            *TAGS,
        ),
        "Anything": of("sns", "Unsubscribe"),
    },
    "AWS::SNS::TopicPolicy": {"Topics": of("sns", "SetTopicAttributes")},
    "AWS::SQS::Queue": {
        "Queues": of(
            "sqs",
            "CreateQueue",
            "DeleteQueue",
            "GetQueueAttributes",
            "GetQueueUrl",
            "ListQueueTags",
            "SetQueueAttributes",
            "TagQueue",
            "UntagQueue",
        ),
    },
    "AWS::SQS::QueuePolicy": {"Queues": of("sqs", "SetQueueAttributes")},
    "AWS::SecretsManager::Secret": {
        "Secrets": of(
            "secretsmanager",
            "CreateSecret",
            "DeleteSecret",
            "DescribeSecret",
            "GetSecretValue",
            "TagResource",
            "UntagResource",
            "UpdateSecret",
        ),
        "Anything": of("secretsmanager", "GetRandomPassword"),
    },
}
