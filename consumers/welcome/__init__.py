"""The welcome list: the name and address by which to greet each customer."""
