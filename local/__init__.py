"""AWS on your own machine: the emulator, the deployment and the event source mapping."""
