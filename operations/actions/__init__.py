"""One module for each command that people run: it reads options, calls a job and prints the result."""
