"""One exchange with a model. Knows no provider, no store and no client."""
