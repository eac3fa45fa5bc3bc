"""Publishes every event of the event table's stream to the event bus, as a CloudEvent."""
