"""The write side: one module for each use case, which decides; handlers only wire."""
