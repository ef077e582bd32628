"""What is owed of single kinds of nodes, as far as clients see it. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement

NODES = {
    "node:http-request": R(
        "dsl 6.10",
        "An http-request's answer is text or a file, any status is one, and process_data shows what was asked.",
    ),
    "node:secrets": R(
        "dsl 3.3, 6.10",
        "Keys of an http-request's authorization are stars in process_data.",
        divergence="Secrets of the environment are, too, and in the inputs of every node; Dify shows them there.",
    ),
    "node:document-extractor": R("dsl 6.17", "Documents that are uploaded with a message are read as text."),
}
