"""The read side: single reads and pages of the projection."""
