"""What is owed beyond the original, on its wire: branches, repeated requests, limits, re-attachment. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement
QUIRKS = range(1, 36)
ADDED = "An addition: the original ignores it."

PROCESSES = "An addition: the original reads what goes on in another process through its cache alone."

BEYOND = {
    "run:cause": R(
        "8.10",
        "A run of a graph that a provider lets fail is invalid_param all the same, with the provider's code beside it.",
        divergence="The original tells it in words alone; the member `cause` is an addition.",
    ),
    "citations:passages": R(
        "8.33",
        "Each passage is cited once, and several of one document are all cited.",
        divergence="The original keeps the first of a document that another node has cited.",
    ),
    "later:begun": R(
        "ours", "response_mode async on messages and workflow runs is 202 with the run's ids.", divergence=ADDED
    ),
    "later:told": R(
        "ours",
        "GET /v1/runs/{run_id} tells how a run goes, and in the end what a blocking caller is told.",
        divergence=ADDED,
    ),
    "later:webhook": R(
        "ours", "The end of an async run is told by a signed webhook, as who polls is told of it.", divergence=ADDED
    ),
    "later:webhook:where": R(
        "ours",
        "A webhook goes where the operator says, or to a host that he lets requests name; nowhere inside.",
        divergence=ADDED,
    ),
    "later:webhook:again": R(
        "ours",
        "A webhook that is not taken comes again under the same id, until it is taken, is answered 410, or is too old.",
        divergence=ADDED,
    ),
    "later:webhook:once": R(
        "ours", "A run is told of once, however many processes there are and requests ask for it.", divergence=ADDED
    ),
    "later:own": R("ours", "A run is told to its own user alone; to others it is not there.", divergence=ADDED),
    "operator:metrics": R("ours", "/metrics tells Prometheus of requests, runs, tokens and cost.", divergence=ADDED),
    "operator:key": R(
        "ours", "Only an operator's key opens what is the operator's, and it opens no app.", divergence=ADDED
    ),
    "operator:ready": R(
        "ours",
        "/ready is 503 where the database or the bus is away, no app is served, or the server ends.",
        divergence=ADDED,
    ),
    "processes:read": R(
        "ours, 6.4",
        "The events of a run are read in any process of a house, whichever it goes on in.",
        divergence=PROCESSES,
    ),
    "processes:stop": R(
        "5.1, 6.2", "A run is stopped in any process of a house; so are those of a deleted conversation."
    ),
    "processes:repeat": R(
        "ours", "A repeated Idempotency-Key gives the run of another process, too.", divergence=ADDED
    ),
    "processes:pauses": R(
        "ours", "A run that waits is taken up by one process, however many see that it can go on.", divergence=ADDED
    ),
    "processes:limits": R(
        "ours, 1.5",
        "Places of an app, and rates of a key and a user, count in all processes together; in each alone while they "
        "cannot reach each other.",
        divergence=ADDED,
    ),
    "processes:dead": R(
        "ours", "Who reads a run whose process was killed is told that it failed, within seconds.", divergence=ADDED
    ),
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
    "branch:root": R(
        "ours",
        "A message whose parent is its conversation (its id) follows none: a first message, asked anew.",
        divergence=ADDED,
    ),
    "branch:shown": R("ours, 5.3", "/messages shows each parent; the nil UUID for messages that were sent without."),
    "branch:malformed": R(
        "ours, 1.4", "A malformed parent, or one without a conversation_id, is 400.", divergence=ADDED
    ),
    "branch:own": R(
        "ours, 1.5", "A parent in another conversation, another's or an unknown one is 404.", divergence=ADDED
    ),
    "repeat:same": R(
        "ours, 6.2",
        "The same Idempotency-Key and body by the same user: the same run, from its first event on.",
        divergence=ADDED,
    ),
    "repeat:concurrent": R("ours, 6.2", "Of many such requests at once, one begins a run.", divergence=ADDED),
    "repeat:other": R("ours", "The same key with another body is 400 invalid_param and says so.", divergence=ADDED),
    "repeat:own": R("ours, 6.1", "A key belongs to one user of one app.", divergence=ADDED),
    "repeat:key": R("ours", "A key has 1 to 255 printable ASCII characters, else 400.", divergence=ADDED),
    "repeat:refused": R(
        "ours", "A refused request leaves its key free; a repetition counts for no limit.", divergence=ADDED
    ),
    "repeat:failed": R("ours", "A run that failed is told again, not tried again.", divergence=ADDED),
    "repeat:forgotten": R(
        "ours", "After a restart, or once it is forgotten, a run is told from the stored message.", divergence=ADDED
    ),
    "repeat:deleted": R("ours", "Once its message is deleted, a key is 404 until it expires.", divergence=ADDED),
    "repeat:unknown-end": R("ours", "A run whose end is not known here is 409 conflict.", divergence=ADDED),
    "repeat:completion": R("ours, 5.11", "POST /completion-messages takes keys as well.", divergence=ADDED),
    "repeat:workflow": R("ours", "POST /workflows/run takes keys as well, and tells an old run.", divergence=ADDED),
    "rate:user": R(
        "1.5",
        "A user who asks too often: 429 rate_limit_error, with Retry-After.",
        divergence="An addition: the original limits by plan only.",
    ),
    "rate:key": R(
        "1.5", "So does a key, for all its users together.", divergence="An addition: the original limits by plan only."
    ),
    "rate:app": R(
        "ours", "An app may have rates of its own.", divergence="An addition: the original limits by plan only."
    ),
    "rate:order": R(
        "1.6",
        "Rates hold for new answers only, and are told where the concurrency limit is, before anything is written.",
        divergence="An addition: the original limits by plan only.",
    ),
    "rate:repeat": R("ours", "A repetition with its key counts for no rate.", divergence=ADDED),
    "retention:beside": R(
        "ours",
        "What is old is deleted beside chats, in small pieces.",
        divergence="An addition: the original keeps everything.",
    ),
    "retention:held": R(
        "ours",
        "An upload stays as long as a message, a run of a flow or a variable of a conversation names it.",
        divergence="An addition: the original keeps everything.",
    ),
    "retention:gone": R(
        "ours",
        "What was pruned answers as what never was, conversations and files alike.",
        divergence="An addition: the original keeps everything.",
    ),
    "lenient:off": R("1.2, 1.4", "A form, or a body of another kind than it says, is 415 or 400."),
    "lenient:on": R(
        "ours", "With `server.lenient` it is read for what it is.", divergence="An addition, off by default."
    ),
}
