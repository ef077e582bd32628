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
    "datasets:delete": R(SPEC, "Deleted is 204, with documents and files; then it is 404."),
    "datasets:model": R(
        SPEC, "high_quality without a model is 400 invalid_param; embedding_available tells whether it can be asked."
    ),
    "datasets:external": R(
        SPEC, "A dataset of the provider `external` names where its knowledge is, and shows it again."
    ),
    "datasets:invalid": R(SPEC, "A member or parameter of a wrong type or size is 400 invalid_param, and named."),
    "tags:kept": R(SPEC, "Tags are made, listed with the count of their datasets, renamed and deleted."),
    "tags:name": R(SPEC, "The name of a tag is unique: another one is 400 invalid_param."),
    "tags:bound": R(SPEC, "Tags are bound to a dataset and unbound; those that are not there are passed over."),
}
