"""Writers of generated documents: the API's description, the events' schemas and the wiring plan."""
