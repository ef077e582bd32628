"""Where replies about knowledge differ from the published description of the API, and why. Knows no test."""

UNDECIDED = "the description's own example, or its server: null until it is decided"
ONLY_SHARED = "the description itself: only in a reply to a change, or where it is shared with members"
THRESHOLD = "the description's own example: null where it is off"
CHANGES_TOO = "the description has the code for a new dataset, and not for another name of one"
CHANGED = "the description has the code for a new document, and not for another file of one"
NEW_TOO = "the description has the code for another file of a document, and not for a new one"
PARTS = "the description itself: metadata=only and metadata=without leave the others out"
VALUES = "the server sends numbers as numbers, a moment as seconds, and nothing as null"
DETAIL = "GET /datasets/{dataset_id}/documents/{document_id} 200"
OF_DETAIL = (
    *("position", "data_source_type", "data_source_info", "dataset_process_rule_id", "dataset_process_rule"),
    *("document_process_rule", "name", "created_from", "created_by", "created_at", "tokens", "indexing_status"),
    *("error", "enabled", "disabled_at", "disabled_by", "archived", "display_status", "hit_count", "doc_form"),
    *("doc_language", "doc_type", "doc_metadata", "completed_at", "updated_at", "indexing_latency", "segment_count"),
    *("average_segment_length", "summary_index_status", "need_summary"),
)

DIFFERENCES_KNOWLEDGE: dict[str, str] = {
    "Dataset.data_source_type: null": UNDECIDED,
    "Dataset.indexing_technique: null": UNDECIDED,
    "Dataset.embedding_model: null": UNDECIDED,
    "Dataset.embedding_model_provider: null": UNDECIDED,
    "Dataset.retrieval_model_dict.score_threshold: null": THRESHOLD,
    "Dataset.partial_member_list: missing": ONLY_SHARED,
    "failure: 400 no_file_uploaded": CHANGED,
    "failure: 409 dataset_name_duplicate": CHANGES_TOO,
    "failure: 413 file_too_large": NEW_TOO,
    "failure: 415 unsupported_file_type": NEW_TOO,
    f"{DETAIL}.doc_metadata[].value: int": VALUES,
    f"{DETAIL}.doc_metadata[].value: float": VALUES,
    f"{DETAIL}.doc_metadata[].value: null": VALUES,
    "failure: 400 invalid_action": "the description has the code for the status of documents, not for built-in fields",
    "GET /workspaces/current/models/model-types/{model_type} 200.data[].icon_small_dark: null": "its own example",
    **{f"{DETAIL}.{name}: missing": PARTS for name in OF_DETAIL},
}
