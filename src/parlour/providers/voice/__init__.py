"""The built-in voice and listener: engines of the extra `voice`, each in a process of its own.

One engine is under the GPL and one under the LGPL: neither is ever imported into the server's process. Knows no app.
"""
