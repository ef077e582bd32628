"""One file per family of routes. Knows no provider, no store and no mode's inside."""
