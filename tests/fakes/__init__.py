"""Fakes that keep the contracts of what they stand for; tests/contract holds them to it."""
