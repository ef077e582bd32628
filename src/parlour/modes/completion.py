"""The mode `completion`: one text from one form. Knows no store, no socket and no wire.

A turn goes as in a chat. What differs, the app tells the prompt's composer: no past, and a query that may be empty.
"""

from parlour.modes import chat

run = chat.run
