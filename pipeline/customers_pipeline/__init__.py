"""The stack that the CDK app makes, a module for each job. Imports nothing of the project but itself."""
