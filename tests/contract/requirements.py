"""What Parlour owes its clients, as data: an id, where it is written, the behaviour, and where we differ and why.

A test says `@requirement("its:id")`; `test_manifest.py` fails when an entry has no test, or a test no entry. The public
compatibility page is made from this file. `source` names a section of the contract, or one of its forty checks.
"""

import pytest

from tests.contract.owed import Requirement
from tests.contract.requirements_agents import AGENTS as OF_AGENTS
from tests.contract.requirements_beyond import BEYOND
from tests.contract.requirements_details import DETAILS
from tests.contract.requirements_features import FEATURES
from tests.contract.requirements_files import FILES
from tests.contract.requirements_inputs import INPUTS
from tests.contract.requirements_knowledge import KNOWLEDGE as OF_KNOWLEDGE
from tests.contract.requirements_nodes import NODES
from tests.contract.requirements_pauses import PAUSES
from tests.contract.requirements_people import PEOPLE
from tests.contract.requirements_workflows import WORKFLOWS


def requirement(*ids: str) -> pytest.MarkDecorator:
    """Say which requirements a test shows."""
    unknown = [one for one in ids if one not in REQUIREMENTS]
    assert not unknown, f"no such requirement: {unknown}"
    return pytest.mark.requirement(*ids)


R = Requirement

AUTH = {
    "auth:bearer": R("1.1", "A bearer token opens the one app that it belongs to."),
    "auth:scheme:case": R("1.1", "The scheme is compared without regard to case, and any whitespace may follow it."),
    "auth:header:missing": R("1.1", "Without an Authorization header: 401 unauthorized, with WWW-Authenticate."),
    "auth:header:garbled": R("1.1", "A header without a space, or of another scheme, is 401 unauthorized."),
    "auth:key:unknown": R("1.1", "A token that opens nothing is 401 unauthorized."),
    "auth:key:wrong-kind": R("1.1", "A knowledge key on an app's route is an invalid token."),
    "auth:key:several": R("1.1", "An app may have several keys; all of them open the same conversations."),
    "auth:key:revoked": R("1.1", "A revoked key is an invalid token."),
    "auth:key:in-header-only": R("1.1", "A key in the query string, the body or a cookie opens nothing."),
    "auth:app-gone": R(
        "1.1",
        "A key whose app is gone is 403 forbidden.",
        divergence="The other reasons for 403 (status, API switch, archived workspace) cannot arise: we have none.",
    ),
    "auth:first": R("1.1", "Authentication comes before everything: a bad body without a key is 401."),
}

HTTP = {
    "http:trailing-slash": R("1.2", "A path with a slash at its end is 404."),
    "http:double-slash": R(
        "1.2",
        "A base address written with a slash at its end still works.",
        divergence="Ours: `//` in a path reads as `/`, because clients join addresses carelessly.",
    ),
    "http:welcome": R("1.2", "GET /v1/ says who answers, without a key: welcome, api_version v1, server_version."),
    "http:content-type": R("1.2", "A JSON request must be declared as application/json or +json, else 415."),
    "http:cors:reply": R("1.2", "Any origin may read a reply; X-Version, X-Env and X-Trace-Id are exposed."),
    "http:cors:preflight": R("1.2", "A preflight is answered for every path, with the methods and headers allowed."),
    "http:x-version": R("1.2", "Every reply, failures too, has X-Version and X-Env."),
    "http:x-request-id": R(
        "1.2, 8.27", "Every reply has an X-Request-Id.", divergence="An addition; one client library reads it."
    ),
    "http:x-trace-id": R(
        "1.2",
        "With tracing on, replies have X-Trace-Id and X-Span-Id.",
        divergence="Those of requests that begin a run, or ask a model: nothing else is traced here.",
    ),
    "http:json-reply": R("1.2", "A blocking reply is application/json in UTF-8."),
}

ENVELOPE = {
    "error:envelope": R("1.3", "Every failure is JSON with code, message and status; status is the HTTP status."),
    "error:never-html": R(
        "1.3, 8.5",
        "Unknown paths, wrong methods and oversized bodies speak the envelope too.",
        divergence="The original answers some of them in HTML.",
    ),
    "error:params": R(
        "1.3, 1.4, 8.3",
        "A field's failure is one line `field: reason`, and `params` names the field.",
        divergence="The original sends a multi-line dump of its validator, and `params` in older releases only.",
    ),
    "error:malformed-json": R("1.4", "Malformed JSON or an empty body is 400 bad_request."),
    "error:json-not-object": R(
        "1.4, 8.4", "JSON null, a list or a scalar is 400 bad_request.", divergence="The original crashes: 500."
    ),
    "error:path-uuid": R(
        "1.4", "A path segment that has to be a UUID and is none is 404.", divergence="Enveloped, not HTML."
    ),
    "error:404-text": R(
        "1.4, 8.2", "A 404 says what is missing.", divergence="Without guesses at addresses that look similar."
    ),
    "error:invalid-param": R("1.5", "A value that does not fit is 400 invalid_param."),
    "error:app-unavailable": R("1.5", "A completion route on an app of another mode is 400 app_unavailable."),
    "error:not-chat-app": R("1.5", "A chat, conversation or message route on a completion app is 400 not_chat_app."),
    "error:not-workflow-app": R("1.5", "A workflow route on another app is 400 not_workflow_app."),
    "error:conversation-completed": R(
        "1.5",
        "A closed conversation is 400 conversation_completed.",
        divergence="Nothing closes a conversation, as nothing of the original does, which only defines the code.",
    ),
    "error:provider-not-initialize": R(
        "1.5", "A provider without credentials is 400 provider_not_initialize, before anything is written."
    ),
    "error:provider-quota": R("1.5", "A used-up quota at the provider is provider_quota_exceeded."),
    "error:model-not-supported": R("1.5", "A model that may not be used now is model_currently_not_support."),
    "error:completion-request": R(
        "1.5", "A failed call of a provider is completion_request_error, with the provider's text."
    ),
    "error:workflow-codes": R("1.5, 0.3-0.5", "Unknown, draft and malformed workflow ids."),
    "error:upload": R(
        "1.5, 8.7",
        "Uploads: missing, several, too large, of no type.",
        divergence="The message of file_too_large states the limit; the original's is empty.",
    ),
    "error:audio": R("1.5", "Audio: missing, too large, of a wrong type, switched off."),
    "error:agent-not-published": R(
        "1.5",
        "An agent app without a version is agent_not_published.",
        divergence="No app is served without a version: its file is one. A draft alone opens nothing.",
    ),
    "error:forms": R("1.5", "Human input: invalid form data 400, submitted or expired 412."),
    "error:not-found": R("1.5", "What is absent or another's is 404 not_found; nothing tells the two apart."),
    "error:404-words": R("1.5", "A 404 begins with the words that clients know, as First Message Not Exists."),
    "error:method": R("1.5", "A wrong method is 405 method_not_allowed."),
    "error:unsupported-media-type": R("1.5", "A wrong content type is 415 unsupported_media_type."),
    "error:too-large": R("1.5, 8.5", "A body beyond the limit is 413, in the envelope, and states the limit."),
    "error:too-many": R(
        "1.5, 8.1",
        "Beyond the app's concurrency limit: 429 too_many_requests with Retry-After, at once.",
        divergence="The original's handler order makes it 400 invalid_param; its documentation says 429.",
    ),
    "error:internal": R("1.5", "What nobody foresaw is 500 internal_server_error, without any inside of the server."),
    "order:mode-first": R("1.6", "A missing user is reported before the app's mode, the mode before the body."),
    "order:too-many": R(
        "1.6", "Beyond the limit is told after a malformed body, before an empty query and an unknown conversation."
    ),
    "order:query-before-conversation": R("1.6", "An empty query is reported before an unknown conversation."),
    "order:conversation-before-provider": R("1.6", "An unknown conversation is reported before a missing provider."),
    "order:provider-and-inputs": R(
        "1.6", "A missing provider is reported before inputs that do not fit the form; neither leaves anything."
    ),
    "order:before-the-stream": R(
        "1.6", "Every failure before the records exist is plain JSON with its own status, also when streaming."
    ),
    "order:nothing-is-left": R(
        "1.6, 8.20",
        "A refused request leaves no conversation behind.",
        divergence="Nor an end user: the original makes one before it validates.",
    ),
}

REQUEST = {
    "chat:query:missing": R("2.1", "A missing, null or non-string query is 400."),
    "chat:query:empty": R("2.1", 'The query "" is 400.'),
    "chat:query:whitespace": R("2.1", "A query of whitespace passes."),
    "chat:query:nul": R("2.1", "NUL characters are taken out of the query."),
    "chat:query:long": R("2.1", "A query has no length limit of its own."),
    "chat:inputs:missing": R(
        "2.1, 0.1", "Missing or null inputs are an empty form.", divergence="Newer releases of the original ask for it."
    ),
    "chat:inputs:type": R("2.1", "Inputs that are a list or a string are 400."),
    "chat:user:missing": R("2.1", "A user that is missing, null, empty or 0 is 400 invalid_param."),
    "chat:user:number": R("2.1, 6.1", 'A number as user is read as its text: 5 and "5" are the same user.'),
    "chat:response-mode:invalid": R("2.1", "A response_mode other than streaming or blocking is 400."),
    "chat:response-mode:omitted": R("2.1, 0.2", "Omitted or null response_mode is blocking."),
    "chat:auto-generate-name:lenient": R("2.1", "auto_generate_name takes booleans, and words and digits for them."),
    "chat:auto-generate-name:invalid": R("2.1", "Another text for auto_generate_name is 400."),
    "chat:workflow-id:ignored": R("2.1", "Outside chatflows workflow_id is ignored, whatever it is."),
    "chat:retriever-from": R("2.1", "retriever_from is copied into citations."),
    "chat:trace-session": R(
        "2.1", "trace_session_id (header, query or body) goes to the tracing back-end; one that is no name is 400."
    ),
    "chat:unknown-keys": R("2.1", "Other members, model_config and pinned among them, are ignored."),
    "chat:conversation-id:absent": R("2.2", "Absent, null, empty or blank: a new conversation, whose id is told."),
    "chat:conversation-id:own": R("2.2", "An own conversation goes on, in whatever form its UUID is written."),
    "chat:conversation-id:malformed": R("2.2", "A string that is no UUID is 400 and says so."),
    "chat:conversation-id:type": R("2.2, 8.4", "Another JSON type is 400.", divergence="The original answers 500."),
    "chat:conversation-id:unknown": R("2.2", "Unknown, deleted, another user's or another app's: 404, all alike."),
    "chat:conversation-id:hint": R(
        "2.2, 8", "The 404 begins with the usual words.", divergence="A hint follows: whose conversations can be seen."
    ),
    "chat:inputs:every-turn": R(
        "2.2", "A later turn's inputs must fit the form as well; the stored ones stay the first."
    ),
    "chat:version:pinned": R("2.2", "A chat conversation stays with the version of the app that it began with."),
    "form:undeclared": R("2.3", "Undeclared inputs are dropped silently."),
    "form:required": R("2.3", "A required variable that is absent or null is 400, naming it."),
    "form:default": R("2.3", "An absent optional variable takes its default, else null."),
    "form:required-empty-text": R("2.3", 'A required text accepts "".'),
    "form:strict": R(
        "2.3, 8.34",
        'With `server.strict_forms` a required text does not accept "".',
        divergence="An addition, off by default.",
    ),
    "form:text:type": R("2.3", "A text, paragraph or select that is no string is 400."),
    "form:text:max-length": R("2.3", "max_length counts characters; 0 or absent is no limit."),
    "form:select:options": R("2.3", 'A select outside its options is 400 and lists them; "" too.'),
    "form:number": R(
        "2.3, 8.4",
        "A number, or a text of one, is taken; a blank text is null; others are 400.",
        divergence="A list or object is 400; the original answers 500.",
    ),
    "form:checkbox": R("2.3", "A checkbox takes booleans, and words and digits for them; others are 400."),
    "form:json-object": R("2.3", "A json_object takes an object; others are 400."),
    "form:object-elsewhere": R("2.3", "An object for any other kind of variable is 400."),
    "form:file": R("2.3", "A file variable takes one file mapping."),
    "form:file-list": R("2.3", "A file-list variable takes an array of mappings, up to its max_length."),
    "files:gated": R("2.4, 0.13", "Where the app takes no files, all entries are ignored without an error."),
    "files:type": R("2.4", "files that is no array is 400, null and [] are fine."),
    "trace:accepted": R("2.6", "A trace id may come in header, query or body, and changes nothing of the reply."),
    "trace:invalid": R(
        "2.6, 8.35",
        "An invalid trace id is no error.",
        divergence="It does not mask a valid one of lower rank, as it does in the original.",
    ),
    "mode:chatflow": R("2.7", "advanced-chat answers both ways, with workflow events."),
}

REPLY = {
    "blocking:members": R("3.1", "The blocking body has event, task_id, ids, mode, answer, metadata, created_at."),
    "blocking:ids": R("3.1, 0.8", "id equals message_id; all ids are UUIDs."),
    "blocking:mode": R("3.1, 0.7", "mode is the app's own: chat."),
    "blocking:metadata": R("3.1", "metadata always has its three keys."),
    "usage:members": R("3.1, 0.9", "usage has its 14 members: counts, seven prices as decimal text, currency, times."),
    "usage:price": R("3.1", "A price is tokens times unit price times unit."),
    "usage:plain-decimals": R(
        "3.1, 8.23", "Prices are plain decimals.", divergence="Never `0E-7`, streaming included."
    ),
    "blocking:chatflow": R("3.1", "The blocking body of a chatflow is a chat's, with mode advanced-chat."),
    "blocking:citations": R("3.1", "retriever_resources hold the cited passages."),
    "blocking:no-citations": R("3.1", "Without citations retriever_resources is []."),
    "blocking:failure": R(
        "3.4, 8.8",
        "A failed blocking call answers with the failure's code; the message is kept with status error.",
        divergence="The envelope also has conversation_id, message_id and task_id, which the original hides.",
    ),
    "stream:headers": R(
        "4.1, 8.26",
        "200, text/event-stream; charset=utf-8.",
        divergence="Also Cache-Control: no-cache and X-Accel-Buffering: no, so that proxies let events through.",
    ),
    "stream:head-first": R(
        "4.1, 8.28",
        "The head of a stream goes out at once, however long the model is silent.",
        divergence="The original may be silent for ten seconds; we send no earlier ping, the head is enough.",
    ),
    "stream:framing": R("4.1", "Each event is `data: `, one line of compact JSON with event first, an empty line."),
    "stream:utf8": R("4.1", "Text is UTF-8, not escaped."),
    "stream:line-ends": R(
        "4.1",
        "What some readers take for the end of a line never splits an event.",
        divergence="U+0085, U+2028 and U+2029 are escaped.",
    ),
    "stream:ping": R("4.1, 0.12", "A ping is `event: ping` and an empty line, every ten seconds, none after the end."),
    "stream:close": R("4.1", "The body ends right after the last event."),
    "stream:no-status": R("4.1", "No event but error has a status at its top level."),
    "stream:envelope": R("4.2", "All events share conversation_id, message_id, created_at and task_id."),
    "stream:error-task": R("4.2, 8.9", "error carries task_id.", divergence="The original leaves it out."),
    "stream:message-always": R(
        "4.3, 8.22",
        "Text is always in `message` events, with id and a null selector.",
        divergence="A release of the original labels it message_file when the user sent a file.",
    ),
    "order:chat": R("4.4.1", "message events, then one message_end, which is the last."),
    "order:chatflow": R("4.4.3-4.4.6", "Workflow and node events."),
    "order:error-last": R("4.4.7", "error is terminal; no message_end comes with it."),
    "order:conversation-id-first": R("4.4.8", "The conversation's id is on the first event already."),
    "name:prefix": R("4.4.9", "A conversation is named by the first 20 characters of its query, with … if longer."),
    "name:generated": R(
        "4.4.9, 8.18",
        "A first message with auto_generate_name gets a name from the model, beside the answer, with no event.",
        divergence="The first answer is not held back by a second.",
    ),
    "name:model-fails": R("4.4.9", "Where the model has no name, it is the query, cut at 47 characters if long."),
    "name:first-turn-only": R("4.4.9", "Later turns do not name the conversation again."),
    "name:rename": R("5.4", "A rename sets the name; a blank one is 400, unless a model is to find it."),
    "reasoning:tagged": R("4.4.10", "What a model thinks flows in the answer between think tags, and is stored."),
    "reasoning:separated": R("4.4.10", "Separated reasoning goes out in reasoning_chunk events."),
    "stop:always-success": R("5.1", "A stop is 200 success for unknown, finished and foreign tasks too."),
    "stop:user": R("5.1", "A stop without a user is 400."),
    "stop:race": R(
        "5.1, 8.17",
        "Wherever a stop comes there is one end, and what was sent is what is kept.",
        divergence="In the original the status depends on who is first.",
    ),
    "stop:saves": R("5.1, 4.5 l", "A stop ends the stream with message_end, and the partial answer is saved, normal."),
    "stop:cancels": R(
        "5.1", "A stop ends the call of the model.", divergence="At once; the original waits for its next token."
    ),
    "error:mid-stream": R(
        "4.5 m, 8.21",
        "A provider's failure mid-stream is an error event, and the message has status error.",
        divergence="What was said until then is kept; the original drops it.",
    ),
    "messages:item": R("5.3", "A message has all the members that clients read."),
    "messages:query": R("5.3", "conversation_id is required; empty is an empty page; no UUID is 400."),
    "conversations:item": R("5.4", "A conversation has id, name, inputs, status, introduction and times."),
    "conversations:introduction": R("5.4", "introduction is the opening statement, filled with the inputs."),
    "suggested:questions": R(
        "5.2", "GET /messages/{id}/suggested: up to three questions, made from the last three turns."
    ),
    "suggested:model": R(
        "dsl 5",
        "The author may name a model for it, and what that is told.",
        divergence="What is told is followed by the shape that the answer is read in.",
    ),
    "suggested:off": R("5.2", "Where the feature is off: 400 bad_request, by the version that the conversation has."),
    "suggested:own": R("5.2", "An unknown message, or another's, is 404 and says that it does not exist."),
    "suggested:user": R("5", "Suggestions need a user."),
    "suggested:model-fails": R("5.2", "A model that fails, or answers no array of texts: an empty list, still 200."),
    "about:info": R("5.8", "/info: name, description, tags, mode, author_name."),
    "about:meta": R("5.8", "/meta: tool_icons; empty where the app uses no tools."),
    "about:site": R("5.8", "/site: all its members, from the app's card, else as a new app has them."),
    "about:parameters": R("5.8", "/parameters: every key is there, whatever the app's file holds."),
    "about:form": R("5.8", "user_input_form is made of one-key objects with the members of the field."),
    "about:files": R("5.8, dsl 5", "file_upload says what is taken, also for files that have the older form."),
    "about:withheld": R(
        "5.8",
        "sensitive_word_avoidance says enabled and type.",
        divergence="configs is always empty: the original shows every client the words that it looks for.",
    ),
    "about:user": R("5", "/info, /parameters, /meta and /site ask for no user, and ignore one."),
    "completion:blocking": R("3.1, 5.11", "The blocking body is a chat's without conversation_id, mode completion."),
    "completion:stream": R("5.11", "The stream is a chat's without conversation_id: message events, message_end."),
    "completion:request": R("5.11", 'inputs is required, an object; query may be absent and is then "".'),
    "completion:form": R("5.11, 2.3", "Inputs fill the app's prompt, checked against its form."),
    "completion:mode": R("5.11, 1.6", "On an app of another mode: 400 app_unavailable, after a missing user."),
    "completion:stop": R("5.1", "A stop saves what was said and always answers success; it needs a user."),
    "completion:failure": R("3.4", "A failed call answers with the failure's code, with message_id and task_id."),
    "completion:kept": R("5.11", "Each message is kept by itself, and no earlier one is shown to the model."),
    "completion:events": R("ours, 6.4", "A completion can be read again from any position, by its user."),
    "delete:body": R("5.4", "DELETE needs no body.", divergence="The original answers 415 without a JSON body."),
    "delete:runs": R(
        "ours, 5.4",
        "A run whose conversation is deleted ends, and its events cannot be read again.",
        divergence="An addition, as the events are.",
    ),
    "life:parallel-turns": R("6.2", "Parallel turns in one conversation are allowed, none waits for another."),
    "life:failed-turns": R(
        "6.2, 8.19",
        "Failed and empty turns are no history.",
        divergence="In the original they poison later turns.",
    ),
    "life:disconnect": R(
        "6.4, 8.15",
        "A client that goes away changes nothing: the answer is finished and saved, blocking too.",
        divergence="The original loses it.",
    ),
    "life:saved-before-end": R("6.5", "Who has read message_end finds the saved answer in /messages at once."),
    "life:question-first": R("6.5", "The question is stored before the first byte goes out."),
    "life:timeout": R(
        "6.3, 8.16",
        "A run beyond its time ends as by a stop: partial answer and message_end.",
        divergence="The stored message says why in its error, the log too; the original calls it a user's stop.",
    ),
    "life:shut-down": R(
        "ours",
        "A server that is to end saves what was said, ends its runs, and refuses new ones with 503 in the envelope.",
        divergence="An addition: in the original they stay as if they were running.",
    ),
    "run:events": R(
        "ours, 6.4",
        "GET /v1/runs/{task_id}/events gives a run's stream again from any position.",
        divergence="An addition: in the original only chatflows can be re-attached.",
    ),
    "run:events:cursor": R(
        "ours, 6.4",
        "after is the number of events that the client has seen; pings do not count.",
        divergence="An addition.",
    ),
    "run:events:own": R("ours, 6.4", "Another user, another app or an unknown task is 404."),
    "golden:transcripts": R(
        "4.5",
        "The transcripts a and f to m, of workflows too, byte for byte: streaming, blocking and re-attached.",
    ),
}

CHECKS = {
    "check:01": R("check 1", "No, garbled or unknown bearer: 401, unauthorized, WWW-Authenticate."),
    "check:02": R("check 2", "Every error body is the JSON envelope, for unknown paths and 405 too."),
    "check:03": R("check 3", "A missing or empty user is 400 invalid_param; a number works."),
    "check:04": R("check 4", "A missing or empty query is 400, and leaves no conversation."),
    "check:05": R("check 5", "Missing inputs are {}."),
    "check:06": R("check 6", 'response_mode "stream" is 400; omitted gives a JSON body.'),
    "check:07": R("check 7", 'conversation_id absent, null and "" are three new conversations.'),
    "check:08": R("check 8", "Conversation ids: malformed 400, random or another's 404, own in capitals works."),
    "check:09": R("check 9", "Two turns share conversation and history: the model sees the first."),
    "check:10": R("check 10", "Malformed JSON and a JSON list are 400, a wrong content type 415, none 500."),
    "check:11": R("check 11", "A missing required variable is 400 and named; undeclared ones are dropped."),
    "check:12": R("check 12", "Length, options, numbers and checkboxes: a good and a bad value each."),
    "check:13": R("check 13", "Uploaded files are taken; unknown, foreign, too many, disallowed: 400."),
    "check:14": R("check 14", "Empty placeholders of files are ignored."),
    "check:15": R("check 15", "workflow_id: garbage, unknown, draft, and an older version."),
    "check:16": R("check 16", "The blocking body has all members; ids equal, prices text, latency a number."),
    "check:17": R("check 17", "Content type of a stream; every block is data with JSON, or a ping."),
    "check:18": R("check 18", "Streamed text, blocking answer and stored answer are equal."),
    "check:19": R("check 19", "All events of a stream share their ids and created_at."),
    "check:20": R("check 20", "A chat ends with exactly one message_end, with usage."),
    "check:21": R("check 21", "Order of a chatflow's events."),
    "check:22": R("check 22", "If-else, iterations, loops."),
    "check:23": R("check 23", "Failure of a node."),
    "check:24": R("check 24", "Provider failure mid-stream: error, the stream closes, message status error."),
    "check:25": R("check 25", "A blocking failure of a chatflow is 400, of a workflow 200 with status failed."),
    "check:26": R("check 26", "25 s of silence give at least two bare pings, about 10 s apart."),
    "check:27": R(
        "check 27", "Stop: within 2 s, message_end, partial answer saved; wrong user or task: 200, no effect."
    ),
    "check:29": R("check 29", "Moderation: preset reply and zero usage; message_replace, and the stored answer is it."),
    "check:30": R(
        "check 30", "An annotation answers: its text, zero usage, annotation_reply in the metadata (not in chatflows)."
    ),
    "check:31": R("check 31", "Citations in blocking, stream and history alike."),
    "check:32": R("check 32", "Speech: base64 chunks, and last of all tts_message_end with one silent frame."),
    "check:33": R("check 33", "Names: generated, left as the query's prefix, renamed, blank refused."),
    "check:34": R("check 34, 8.31", "/messages: order, paging without gaps, limits, unknown first_id."),
    "check:35": R("check 35, 8.11, 8.31", "/conversations: sorting, paging with equal times, isolation, delete."),
    "check:36": R("check 36", "Conversation variables: default 20, bounds, variable_name, 404s."),
    "check:36:values": R("check 36", "Their values are text; an update is typed, a mismatch 400."),
    "check:37": R("check 37", "Feedback: like, dislike, null, null again is 400; seen in /messages; foreign 404."),
    "check:38": R("check 38", "Concurrency limit: 429, and the slot is free after end and disconnect."),
    "check:39": R("check 39", "After a disconnect mid-stream /messages holds the full answer; a flow can be read on."),
    "check:40": R("check 40", "Human input: pause events, the form and its second POST, the rest of the run."),
}

REQUIREMENTS: dict[str, Requirement] = {
    **AUTH,
    **HTTP,
    **ENVELOPE,
    **REQUEST,
    **REPLY,
    **PEOPLE,
    **FILES,
    **OF_AGENTS,
    **BEYOND,
    **INPUTS,
    **WORKFLOWS,
    **NODES,
    **DETAILS,
    **PAUSES,
    **FEATURES,
    **OF_KNOWLEDGE,
    **CHECKS,
}
