"""The read side: reads of one customer and of the list."""
