"""The work beneath the commands: plain arguments in, results out. Nothing here reads options or prints."""
