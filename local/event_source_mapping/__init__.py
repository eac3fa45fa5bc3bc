"""A faithful implementation of Lambda's event source mapping for DynamoDB streams.

The core (`shard`, `shards` and their imports) is a state machine without I/O: it returns actions and receives their
outcomes. `driver` executes the actions through the `ports`. `aws` and `checkpoints` implement the ports for a real or
emulated AWS, and `service` runs all mappings of an account.
"""
