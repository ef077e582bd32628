"""A run's life, from its start to its save. Knows no mode's inside, no store and no wire."""
