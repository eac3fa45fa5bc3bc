"""Turns this project into another one: copies it and renames the service."""
