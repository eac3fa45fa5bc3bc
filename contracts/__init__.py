"""Writers of the published contracts: the API's description and the events' schemas."""
