"""What is owed around a conversation: feedback, annotations, end users, conversation variables. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement

PEOPLE = {
    "feedback:rate": R("5.6", "like and dislike, with an optional text; a second one takes the place of the first."),
    "feedback:null": R("5.6", "null, or no rating, takes it back; where there is none it is 400."),
    "feedback:invalid": R("5.6", "Another rating, or a text that is no string, is 400; so is a missing user."),
    "feedback:own": R("5.6", "Another user's or app's message is 404 \"Message Not Exists.\", as an unknown one."),
    "feedback:modes": R("5", "The answers of completion apps can be judged, too."),
    "feedback:list": R("5.6", "GET /app/feedbacks: page from 1, limit 1-101, default 20; newest first."),
    "feedback:item": R("5.6", "A feedback has its eleven members, from_end_user_id the id of an end user."),
    "feedback:times": R("5.6, 8.30", "Its times are ISO 8601.", divergence="With `Z`, as in the original's documents."),
    "feedback:deleted": R("5.4, 5.6", "A deleted conversation takes the feedback on its messages with it."),
    "variables:query": R("5.5", "limit is 1-100, default 20; variable_name 1-255 letters, digits, - _ . or else 400."),
    "variables:user": R("5.5, 0.14", "A missing user is 400.", divergence="The original looks for the default user."),
    "variables:empty": R("5.5", "The conversation of an app without a flow has no variables: an empty page."),
    "variables:cursor": R(
        "5.5", "An unknown last_id is 400 invalid_param.", divergence="With a message, which the original leaves empty."
    ),
    "variables:conversation": R("5.5, 0.6", "An unknown or foreign conversation is 404 conversation_not_exists."),
    "variables:list": R(
        "5.5, 8.29",
        "A chatflow's are listed by creation, filtered by variable_name in whatever case; value is text, or JSON text.",
        divergence="The original shows what is no text as its own language has it.",
    ),
    "variables:written": R("5.5, 6.5", "What a run writes is kept with its conversation, over turns and restarts."),
    "variables:change": R(
        "5.5", "PUT takes a value of the variable's type, else 400 bad_request that names it and both types."
    ),
    "variables:update": R("5.5", "An unknown variable cannot be changed: 404 not_found."),
    "variables:mode": R("5", "On an app of another mode: 400 not_chat_app."),
    "annotations:create": R(
        "5.9", "POST is 201; question and answer are required.", divergence="Blank ones are refused: they cannot match."
    ),
    "annotations:update": R("5.9", "PUT is 200, and keeps hit_count and created_at."),
    "annotations:delete": R("5.9", "DELETE is 204 without a body."),
    "annotations:list": R("5.9", "page from 1, limit default 20, cut at 100; total and has_more; newest first."),
    "annotations:keyword": R(
        "5.9", "keyword finds question and answer in whatever case.", divergence="Wildcards are plain characters."
    ),
    "annotations:own": R("5.9", 'Another app\'s annotation is 404 "Annotation not found", as an unknown one.'),
    "annotations:mode": R("5", "On an app of another mode: 400 not_chat_app."),
    "annotations:reply:members": R("5.9", "enable and disable need their three members, else 400 invalid_param."),
    "annotations:reply": R(
        "5.9", "A job makes annotations answer, or no longer: waiting, processing, completed, error."
    ),
    "annotations:reply:job": R(
        "5.9", "An unknown job is 400 invalid_param; so is another app's, or one of the other way."
    ),
    "annotations:reply:restart": R("ours, 5.9", "A job goes on after the end of the process that was at it."),
    "annotations:reply:step": R(
        "9.5 dsl, 5.9", "What is created, changed or deleted answers, or no longer, from then on."
    ),
    "annotations:reply:order": R("5 dsl, 9.5 dsl", "Input moderation comes first; the model is not asked after a hit."),
    "annotations:reply:stream": R(
        "4.5 n", "Chats: message events, message_end. Chatflow: one message, message_end without annotation_reply."
    ),
    "annotations:reply:file": R(
        "5 dsl",
        "annotation_reply of an easy app's file switches it on.",
        divergence="The original ignores it on import: there it is the console's. The API has the last word.",
    ),
    "annotations:reply:without": R(
        "9.5 dsl", "Where questions cannot be compared, the model answers.", divergence="As the original does."
    ),
    "annotations:hits": R(
        "5.9",
        "hit_count counts; GET /apps/annotations/{id}/hit-histories lists the answers it gave.",
        divergence="An addition: the original lists them in its console alone.",
    ),
    "people:item": R("5.9, 6.1", "GET /end-users/{id}: its ten members, times in ISO 8601 with Z."),
    "people:once": R("6.1", "The same user under two keys of an app is one end user; under another app another one."),
    "people:default": R("5, 5.9", "Who names nobody is the anonymous DEFAULT-USER."),
    "people:valid": R(
        "6.1, 8.20", "An end user is there from its first valid request.", divergence="A refused one leaves none."
    ),
    "people:own": R("5.9", "Another app's end user is 404 end_user_not_found, as an unknown one."),
}
