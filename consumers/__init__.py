"""Example consumers of the customer events. Each uses the consumer kit and nothing else of this project."""
