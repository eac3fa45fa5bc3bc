"""The stack of the CDK app, one module per concern. Imports nothing else of this project."""
