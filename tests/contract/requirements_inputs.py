"""What is owed of the inputs of chatflows and workflows, beyond those of every form. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement

INPUTS = {
    "form:json-schema": R("dsl 6.1", "A json_object that does not fit its json_schema is 400, and says where."),
    "form:first-inputs": R(
        "dsl 6.1",
        "Later messages of a chatflow may leave inputs out: they are as they were when the conversation began.",
        divergence="Dify takes the inputs of each message alone, and refuses one without a required one.",
    ),
    "form:first-inputs-changed": R(
        "ours", "An input of the beginning that the form does not take any more counts as left out."
    ),
}
