"""The work beneath the commands: long-running, resumable and free of presentation."""
