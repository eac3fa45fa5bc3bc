"""What keeps the read table right: rebuild, verify and redrive."""
