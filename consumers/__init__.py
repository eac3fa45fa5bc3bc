"""Consumers of the event stream, as examples: each uses the consumer kit and nothing else of this project."""
