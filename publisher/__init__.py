"""From the event table's stream to the event bus: every event, as a CloudEvent, for whoever wants to know."""
