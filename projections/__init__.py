"""Projects events into the read table: the projector, and the read model, which alone knows the table's layout."""
