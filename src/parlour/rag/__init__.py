"""From documents to what a model can be told of them. Knows no store, no socket and no wire."""
