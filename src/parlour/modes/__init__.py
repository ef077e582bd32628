"""One file per app mode: a turn in, events out. Knows no store, no socket and no wire."""
