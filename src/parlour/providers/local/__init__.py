"""The built-in model: weights fetched once, run in a child process. Knows nothing of apps or clients."""
