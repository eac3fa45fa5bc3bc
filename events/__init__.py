"""Facts and their log: the event models, the event store and the codec between them."""
