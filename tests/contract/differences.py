"""Where replies differ from the published description of the API, each with the reason. Knows no test.

Names as `tests/documented.py` makes them: a schema and its member, or an operation. A difference that is not listed
fails the test in which it comes up; one that is listed and no longer comes up fails `test_documented.py`.
"""

USAGE = "contract 0.9: the server's own members, a superset of the documented ones"
SELECTOR = "contract 4.3: the server sends it, null outside flows; clients of the server read it"
FLOW = "contract 4.3: a member of workflow events that the server sends"
EVENT_ID = "contract 0.8, 4.1: clients read the message's id from `id`"
HIT = "contract 3.1: one of the three keys that metadata always has"
ELSEWHERE = "contract 0.10, 3.1: null where nothing is known, as of knowledge that is not here; its ids are its own"
FORM = "contract 5.8: one of the kinds of field that the server knows, and the description does not"
FIELD = "contract 5.8: fields of a form are shown as the app's file has them"
UPLOADS = "contract 5.8: the server's own members of file_upload"
CODES = "contract 1.5: the description lists for no operation all the codes that it can answer with"
BLOCKING_RUN = "the description itself: only present in streaming workflow_finished events"
VERSION = "contract 0.3-0.5: the seed's codes; `upstream` sends not_found and bad_request"
LEFT = "contract 8.8: a failed blocking call says which records it left"

PAUSED = "contract 3.2, 3.3: a blocking run that waits for somebody says for what"
FIELDS = "contract 5.10: a field of a form has the members of its kind, and no others"
OF_KINDS = (
    *("option_source", "allowed_file_types", "allowed_file_extensions", "allowed_file_upload_methods"),
    "number_limits",
)

CITED = "contract 0.10, 3.1: the full set of members; those of a stored message stand in a history alone"

LATER = "ours: response_mode async, which the original refuses"

CAUSE = "contract 8.10: why a graph failed, for programs"

DIFFERENCES: dict[str, str] = {
    **{f"POST {path}: 202": LATER for path in ("/chat-messages", "/workflows/run", "/workflows/{workflow_id}/run")},
    **{f"RetrieverResource.{name}: str": ELSEWHERE for name in ("dataset_id", "document_id")},
    **{
        f"RetrieverResource.{name}: null": ELSEWHERE
        for name in ("segment_id", "hit_count", "word_count", "segment_position", "index_node_hash")
    },
    **{f"RetrieverResource.{name}: missing": CITED for name in ("id", "message_id", "created_at")},
    **{
        f"RetrieverResource.{name}: added": CITED
        for name in ("retriever_from", "page", "title", "doc_metadata", "files")
    },
    "Usage.time_to_first_token: added": USAGE,
    "Usage.time_to_generate: added": USAGE,
    "StreamEventChatMessage.from_variable_selector: added": SELECTOR,
    "StreamEventChatMessageEnd.metadata.retriever_resources: missing": "contract 2.7: a new agent has none",
    "StreamEventMessage.from_variable_selector: added": SELECTOR,
    "StreamEventNodeFinished.data.extras: added": FLOW,
    "StreamEventNodeFinished.data.inputs_truncated: added": FLOW,
    "StreamEventNodeFinished.data.outputs_truncated: added": FLOW,
    "StreamEventNodeFinished.data.process_data_truncated: added": FLOW,
    "StreamEventNodeStarted.data.agent_strategy: added": FLOW,
    "StreamEventNodeStarted.data.inputs_truncated: added": FLOW,
    "StreamEventNodeRetry.data.extras: added": FLOW,
    "StreamEventNodeRetry.data.inputs_truncated: added": FLOW,
    "StreamEventNodeRetry.data.outputs_truncated: added": FLOW,
    "StreamEventNodeRetry.data.process_data_truncated: added": FLOW,
    "StreamEventIterationStarted.data.inputs_truncated: added": FLOW,
    "StreamEventIterationCompleted.data.execution_metadata: added": FLOW,
    "StreamEventIterationCompleted.data.extras: added": FLOW,
    "StreamEventIterationCompleted.data.inputs: added": FLOW,
    "StreamEventIterationCompleted.data.inputs_truncated: added": FLOW,
    "StreamEventIterationCompleted.data.outputs_truncated: added": FLOW,
    "StreamEventLoopStarted.data.inputs_truncated: added": FLOW,
    "StreamEventLoopCompleted.data.execution_metadata: added": FLOW,
    "StreamEventLoopCompleted.data.extras: added": FLOW,
    "StreamEventLoopCompleted.data.inputs: added": FLOW,
    "StreamEventLoopCompleted.data.inputs_truncated: added": FLOW,
    "StreamEventLoopCompleted.data.outputs_truncated: added": FLOW,
    "StreamEventWorkflowFinished.data.created_by: added": FLOW,
    "WorkflowStreamEventNodeFinished.data.extras: added": FLOW,
    "WorkflowStreamEventNodeFinished.data.execution_metadata.total_price: str": "contract 9, U4: text, as the server's",
    "WorkflowStreamEventNodeStarted.data.agent_strategy: added": FLOW,
    "WorkflowFinishedData.created_by: missing": BLOCKING_RUN,
    "WorkflowFinishedData.exceptions_count: missing": BLOCKING_RUN,
    "WorkflowFinishedData.files: missing": BLOCKING_RUN,
    "StreamEventWorkflowPaused.workflow_run_id: added": "contract 4.2: every workflow event names its run",
    **{
        f"{event}HumanInputRequired.data.inputs[].{name}": FIELDS
        for event in ("StreamEvent", "WorkflowStreamEvent")
        for name in (*(f"{name}: added" for name in OF_KINDS), "default: missing")
    },
    "WorkflowFinishedData.paused_nodes: added": PAUSED,
    "WorkflowFinishedData.reasons: added": PAUSED,
    **{f"GET /form/human_input/{{form_token}} 200.inputs[].{name}: missing": FIELDS for name in (*OF_KINDS, "default")},
    "ChatCompletionResponse.workflow_run_id: added": PAUSED,
    "ChatCompletionResponse.data: added": PAUSED,
    "StreamEventChatMessage.id: added": EVENT_ID,
    "StreamEventChatAgentMessage.id: added": EVENT_ID,
    "StreamEventChatAgentThought.tool_labels: added": "contract 4.3: what people call the tools; clients draw it",
    "StreamEventMessage.id: added": EVENT_ID,
    "StreamEventChatMessageEnd.files: added": "contract 4.3: null in chats, and documented for completions",
    "StreamEventChatMessageEnd.metadata.annotation_reply: added": HIT,
    "StreamEventMessageEnd.metadata.annotation_reply: added": HIT,
    "ChatCompletionResponse.metadata.annotation_reply: added": HIT,
    "CompletionResponse.metadata.annotation_reply: added": HIT,
    "AppParametersResponse.file_upload.enabled: added": UPLOADS,
    "AppParametersResponse.file_upload.number_limits: added": UPLOADS,
    "AppParametersResponse.file_upload.allowed_file_types: added": UPLOADS,
    "AppParametersResponse.file_upload.allowed_file_extensions: added": UPLOADS,
    "AppParametersResponse.file_upload.allowed_file_upload_methods: added": UPLOADS,
    "AppParametersResponse.sensitive_word_avoidance.type: added": "contract 5.8: enabled, type, configs",
    "AppParametersResponse.sensitive_word_avoidance.configs: added": "contract 5.8: enabled, type, configs",
    "AppParametersResponse.user_input_form[].number: added": FORM,
    "AppParametersResponse.user_input_form[].checkbox: added": FORM,
    "AppParametersResponse.user_input_form[].json_object: added": FORM,
    "AppParametersResponse.user_input_form[].external_data_tool: added": FORM,
    "AppParametersResponse.user_input_form[].file: added": FORM,
    "AppParametersResponse.user_input_form[].file-list: added": FORM,
    "AppParametersResponse.user_input_form[].text-input.max_length: added": FIELD,
    "AppParametersResponse.user_input_form[].text-input.hide: added": FIELD,
    "AppParametersResponse.user_input_form[].text-input.type: added": FIELD,
    "AppParametersResponse.user_input_form[].paragraph.type: added": FIELD,
    "AppParametersResponse.user_input_form[].select.type: added": FIELD,
    "AppParametersResponse.user_input_form[].paragraph.max_length: added": FIELD,
    "GET /files/{file_id}/preview: type": "contract 5.7: a file goes out with its own type, not always as octets",
    "failure.params: added": "contract 1.3: older releases name the field at fault, too",
    "failure.cause: added": CAUSE,
    "StreamEventChatError.cause: added": CAUSE,
    "StreamEventError.cause: added": CAUSE,
    "failure.conversation_id: added": LEFT,
    "failure.message_id: added": LEFT,
    "failure.task_id: added": LEFT,
    "failure: 400 bad_request": CODES,
    "failure: 400 invalid_param": CODES,
    "failure: 400 no_audio_uploaded": CODES,
    "failure: 400 not_chat_app": CODES,
    "failure: 400 not_workflow_app": CODES,
    "failure: 400 draft_workflow_error": VERSION,
    "failure: 400 workflow_id_format_error": VERSION,
    "failure: 400 workflow_not_found": VERSION,
    "failure: 401 unauthorized": CODES,
    "failure: 403 forbidden": CODES,
    "failure: 404 conversation_not_exists": "contract 0.6: the seed's code; `upstream` sends not_found",
    "failure: 404 not_found": CODES,
    "failure: 409 conflict": "ours: an Idempotency-Key whose run ended nobody here knows how",
    "failure: 413 request_entity_too_large": "contract 8.5: in the original a proxy refuses it, in HTML",
    "failure: 415 unsupported_media_type": CODES,
    "failure: 429 rate_limit_error": CODES,
    "failure: 503 service_unavailable": "ours: a server that is going down says so in the envelope",
}
