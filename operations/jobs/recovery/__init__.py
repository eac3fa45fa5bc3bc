"""Brings a stack back after its event table was lost or damaged: restored tables, parameters, erasures."""
