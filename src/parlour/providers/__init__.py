"""One file per shape of a model's API. Knows nothing of apps, messages or clients."""
