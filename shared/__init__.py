"""The runtime and HTTP code that every function needs. No business term belongs here."""
