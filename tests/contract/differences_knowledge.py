"""Where replies about knowledge differ from the published description of the API, and why. Knows no test."""

UNDECIDED = "the description's own example, or its server: null until it is decided"
ONLY_SHARED = "the description itself: only in a reply to a change, or where it is shared with members"
THRESHOLD = "the description's own example: null where it is off"
CHANGES_TOO = "the description has the code for a new dataset, and not for another name of one"

DIFFERENCES_KNOWLEDGE: dict[str, str] = {
    "Dataset.data_source_type: null": UNDECIDED,
    "Dataset.indexing_technique: null": UNDECIDED,
    "Dataset.embedding_model: null": UNDECIDED,
    "Dataset.embedding_model_provider: null": UNDECIDED,
    "Dataset.retrieval_model_dict.score_threshold: null": THRESHOLD,
    "Dataset.partial_member_list: missing": ONLY_SHARED,
    "failure: 409 dataset_name_duplicate": CHANGES_TOO,
}
