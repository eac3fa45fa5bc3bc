"""Events and the log that keeps them: the event models, the event store and the codec between them."""
