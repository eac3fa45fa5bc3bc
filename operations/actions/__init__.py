"""One module for each command: it reads options, calls a job and prints the result."""
