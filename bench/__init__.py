"""The project's own benchmark: `python -m bench` measures the server beside nginx, in one run, on this machine.

Knows the server only as a program that is started and asked over HTTP: nothing of it is imported here.
"""
