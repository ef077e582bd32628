"""What is owed in single sentences of the contract, and by HTTP itself, beside the large behaviours. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement

DETAILS = {
    "http:encoded": R("1.2", "A compressed request body is 415, and says so."),
    "http:upgrade": R(
        "ours", "An offer of another protocol, as Java's client makes with its first request, is passed over."
    ),
    "http:old": R("4.1", "A client of HTTP/1.0 gets no chunks: its stream ends with the connection."),
    "http:large-head": R("1.3", "Headers of more than 64 KB are 400 in the envelope, and end the connection."),
    "files:named": R("5.7", "The name of an upload is read as `filename` or `filename*`, as .NET's client writes it."),
    "files:signed-again": R("5.3", "Addresses of its user's files in an answer open for five minutes after each read."),
    "order:files": R("1.6", "A file that is not there is told before a missing provider, and after the conversation."),
    "life:clock": R(
        "5.3, 8.31", "A clock that is set back changes neither the order of a conversation nor makes a time negative."
    ),
    "message:created-at": R(
        "3.1, 4.2", "A message's created_at is the same in its answer, its events and the history."
    ),
    "answer:unaltered": R(
        "6.5",
        "What a model says is kept, shown and remembered as it is, spaces and braces too.",
        divergence="The original trims it and rewrites what looks like a variable.",
    ),
    "user:optional": R("5", "Lists, names and deletes of conversations that name no user are DEFAULT-USER's."),
    "conversations:touched": R("5.4", "updated_at moves with each message and each name, created_at never."),
    "life:parallel-history": R("6.2", "Of turns at once, each sees what was saved when it began."),
    "files:fetched": R("2.4", "An upload's id beside an address means that upload: nothing is fetched."),
    "feedback:running": R("5.6", "A message can be judged while it is answered, and keeps that."),
    "run:events:head": R("ours", "HEAD of a run's events is answered at once, also while the run goes on."),
    "files:address": R(
        "5.7", "Addresses of files begin with `server.public_url`, or as the request itself was addressed."
    ),
    "http:silent": R("ours", "A connection on which no request begins, or one's headers never end, is closed."),
}
