"""From events to the view: the fold, the read model that owns the read table's shape, and the stream's handler."""
