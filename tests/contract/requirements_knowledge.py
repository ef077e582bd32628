"""What Parlour owes the clients of knowledge bases. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement

SPEC = "service API"
"""The published description of it: knowledge is no part of the contract's text."""

KNOWLEDGE = {
    "knowledge:key": R("1.1", "A knowledge key opens the datasets of its tenant; an app's key is 401 there."),
    "knowledge:own": R(
        SPEC,
        "Two tenants never see each other's: every foreign id, wherever it is sent, reads as one of nothing.",
        divergence="A knowledge key is of a tenant that its operator names; the original's are all of one workspace.",
    ),
    "datasets:create": R(SPEC, "A dataset is made with a name of 1-40 characters; all else has a default."),
    "datasets:name": R(SPEC, "A name that is taken is 409 dataset_name_duplicate, also for a change."),
    "datasets:list": R(
        SPEC, "The list is newest first, in pages of at most 100, by keyword and by tags; total counts all."
    ),
    "datasets:update": R(SPEC, "A change changes what it names, and leaves the rest."),
    "datasets:again": R(SPEC, "Another technique or model has all passages of a dataset indexed again, as they are."),
    "datasets:delete": R(SPEC, "Deleted is 204, with documents and files; then it is 404."),
    "datasets:model": R(
        SPEC, "high_quality without a model is 400 invalid_param; embedding_available tells whether it can be asked."
    ),
    "knowledge:external": R(
        "Dify's External Knowledge API",
        "Knowledge behind such a service stands in for a dataset that a file names.",
        divergence="Its operator names it in parlour.toml: what is made over the API with provider external is kept, "
        "and not asked.",
    ),
    "knowledge:external:request": R(
        "Dify's External Knowledge API",
        "POST {address}/retrieval: knowledge_id, query, retrieval_setting, metadata_condition; the key as a bearer.",
    ),
    "knowledge:external:failure": R(
        "Dify's External Knowledge API", "Whatever is not 200, or cannot be read, is told, without address and key."
    ),
    "datasets:external": R(
        SPEC, "A dataset of the provider `external` names where its knowledge is, and shows it again."
    ),
    "datasets:invalid": R(SPEC, "A member or parameter of a wrong type or size is 400 invalid_param, and named."),
    "tags:kept": R(SPEC, "Tags are made, listed with the count of their datasets, renamed and deleted."),
    "tags:name": R(SPEC, "The name of a tag is unique: another one is 400 invalid_param."),
    "tags:bound": R(SPEC, "Tags are bound to a dataset and unbound; those that are not there are passed over."),
    "documents:text": R(SPEC, "A text becomes a document, and its passages are found once it is indexed."),
    "documents:file": R(
        SPEC, "A file becomes a document; a signed address gives it back, for five minutes and without a key."
    ),
    "documents:file:refused": R(
        SPEC,
        "No file, several, one without a name, too large, or of a type without text: refused, and not kept.",
    ),
    "documents:first": R(
        SPEC,
        "The first document decides how its dataset is indexed: it must say so; later ones follow, their form must be"
        " the same.",
    ),
    "documents:model": R(SPEC, "A document for a model that cannot be asked is 400 provider_not_initialize."),
    "documents:progress": R(
        SPEC,
        "indexing-status tells how far the documents of a batch are, with times and counts; else 404.",
    ),
    "documents:list": R(SPEC, "Documents are listed newest first, in pages, by a keyword in their name and by status."),
    "documents:detail": R(
        SPEC, "A document is shown whole, without metadata, or metadata alone; else invalid_metadata."
    ),
    "documents:status": R(
        SPEC, "Documents are disabled, enabled, archived and brought back together; archived ones cannot be deleted."
    ),
    "documents:update": R(
        SPEC,
        "Another text, file or rule has a document indexed again, under its id; a name alone does not.",
        divergence="The original does not let a document be changed that is disabled, or ended in an error.",
    ),
    "documents:error": R(SPEC, "A document that cannot be indexed ends in `error` with a message."),
    "documents:zip": R(SPEC, "Files of up to 100 documents come as one archive, each under a name of its own."),
    "segments:kept": R(SPEC, "Passages are listed in their order, in pages, by keyword and status."),
    "segments:changed": R(
        SPEC, "Passages are added to an indexed document, changed and deleted, and found as they are at once."
    ),
    "segments:refused": R(
        SPEC, "None, more than 1000, a blank one, a question without answer: 400; of a document that is not ready: 404."
    ),
    "segments:children": R(
        SPEC, "Of a hierarchical document the parts of passages are listed, added, changed and deleted, and found by."
    ),
    "segments:answers": R(SPEC, "Of a document of questions and answers, passages have both."),
    "retrieve:found": R(
        SPEC,
        "A search answers with passages, the best first, scores in [0, 1], with the document of each.",
    ),
    "retrieve:settings": R(SPEC, "top_k, score threshold, method and metadata filters of the request take precedence."),
    "retrieve:uninitialized": R(SPEC, "A dataset that never had a document is 400 dataset_not_initialized."),
    "retrieve:invalid": R(SPEC, "A query of more than 250 characters, or none, is 400 invalid_param."),
    "metadata:fields": R(SPEC, "What can be said of documents is made (201), listed with counts, renamed, deleted."),
    "metadata:name": R(SPEC, "A name that is taken, also by a built-in field, is 400 invalid_param."),
    "metadata:built-in": R(SPEC, "Built-in fields are listed; where enabled, told of documents and searched."),
    "metadata:values": R(
        SPEC, "Values are said of documents, in place of all or beside them (partial_update); else 400, and nothing is."
    ),
    "models:list": R(SPEC, "Models are listed by their type, by provider; an unknown type is 400 invalid_param."),
}
