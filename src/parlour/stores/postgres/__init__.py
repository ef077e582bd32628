"""Postgres behind the ports: any number of processes on one database. Does not know who asks."""
