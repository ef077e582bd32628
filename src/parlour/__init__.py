"""Parlour: a server that runs exported chat apps on their clients' own wire format."""

__version__ = "0.1.0"
