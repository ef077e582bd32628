"""The mode `workflow`: a graph runs once, without a conversation. Knows no store, no socket and no wire.

It goes as a chatflow's turn does. What differs, the app tells: its outputs are those of its ends.
"""

from parlour.modes import chatflow

run = chatflow.run
