"""A faithful DynamoDB-stream event source mapping.

The core (`shard`, `shards` and what they import) is a state machine without input or output: it returns actions
and is told their outcomes. `driver` carries the actions out over the `ports`; `aws`, `checkpoints` and `service`
are those ports on a real or emulated AWS.
"""
