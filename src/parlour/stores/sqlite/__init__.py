"""SQLite behind the ports: the default store, one file, one serving process. Does not know who asks."""
