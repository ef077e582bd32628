"""The nouns and events of the house. Pure: knows no clock, no socket, no file, and no other package."""
