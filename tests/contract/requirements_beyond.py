"""What is owed beyond the original, on its wire: branches, repeated requests, limits, re-attachment. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement
ADDED = "An addition: the original ignores it."

BEYOND = {
    "branch:linear": R(
        "ours, 2.1", 'parent_message_id absent, null, "" or the nil UUID: the message follows the newest one.'
    ),
    "branch:parent": R(
        "ours, 2.1",
        "A message with a parent_message_id is shown that message and those that led to it, and no others.",
        divergence=ADDED,
    ),
    "branch:after": R(
        "ours",
        "A message without a parent follows the newest one written before it, whatever branch that is on.",
        divergence="An addition: without branches it is the original's linear history.",
    ),
    "branch:shown": R("ours, 5.3", "/messages shows each parent; the nil UUID for messages that were sent without."),
    "branch:malformed": R(
        "ours, 1.4", "A malformed parent, or one without a conversation_id, is 400.", divergence=ADDED
    ),
    "branch:own": R(
        "ours, 1.5", "A parent in another conversation, another's or an unknown one is 404.", divergence=ADDED
    ),
}
