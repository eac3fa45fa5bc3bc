"""What every function needs and no business word belongs in: the runtime and HTTP."""
