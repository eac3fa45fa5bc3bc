"""The `customers` command line, which operators and engineers run. No Lambda function imports it.

`actions` holds one module for each command: it reads options, calls a job and prints the result. `jobs` does the work.
"""
