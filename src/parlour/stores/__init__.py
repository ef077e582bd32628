"""One package per database behind the ports. Knows nothing of models or of the wire."""
