"""The engine of chatflows and workflows. Knows no store, no socket, no wire and no file format."""
