"""Sends history from the event table to one consumer's queue. Nothing in this package can reach the event bus."""
