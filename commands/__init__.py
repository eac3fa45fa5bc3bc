"""The write side: one module per use case, which decides. The handlers only wire."""
