"""The welcome list: whom to greet, by which name and address."""
