"""Sends history from the event table to one consumer's queue; nothing in here can reach the bus."""
