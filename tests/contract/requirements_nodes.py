"""What is owed of single kinds of nodes, as far as clients see it. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement

NODES = {
    "flow:heard": R(
        "dsl 4.3, 4.4",
        "Answers are streamed, sent and kept in the order of their turns; outputs.answer has that of their ends.",
    ),
    "flow:taken-back": R(
        "4.3, dsl 4.2",
        "What a node said before it failed is taken back (message_replace) when it is tried again or replaced.",
        divergence="Dify leaves it in the answer.",
    ),
    "node:llm:pictures": R("dsl 8.3", "A model of a flow that sees and remembers sees earlier pictures again."),
    "node:knowledge-retrieval": R(
        "dsl 6.5", "A knowledge-retrieval node finds passages; a model that uses them cites them."
    ),
    "node:http-request": R(
        "dsl 6.10",
        "An http-request's answer is text or a file, any status is one, and process_data shows what was asked.",
    ),
    "node:secrets": R(
        "dsl 3.3, 6.10",
        "Keys of an http-request's authorization are stars in process_data.",
        divergence="Secrets of the environment are, too, in its outputs as well, and in the inputs of every node.",
    ),
    "node:http-request:redirect": R(
        "dsl 6.10",
        "A redirect is followed, and takes the Authorization to no other place.",
        divergence="Nor any header with the key of the authorization, or a secret of the environment.",
    ),
    "node:tool": R(
        "dsl 6.11, 4.3",
        "A tool node's outputs are text, files and json; its files are the flow's, its events have tool_info and icon.",
    ),
    "node:tool:failing": R(
        "dsl 4.2, 6.11",
        "A tool that fails, is not here or takes too long fails its node; retries and the author's strategy hold.",
        divergence="That a single tool has a time is ours: in the original only the whole run has a limit.",
    ),
    "node:tool:stop": R("5.1", "A stop in the middle of a tool ends the tool."),
    "node:agent": R(
        "dsl 6.19, 8.5",
        "An agent node's text is streamed; its outputs are text, usage, files and json, its log first.",
        divergence="The text holds all that was said in its steps, one a line; of a ReAct agent, its answer only.",
    ),
    "node:agent:log": R(
        "4.3, dsl 8.5",
        "Each round, the model's turn and each tool in it is told by agent_log when it begins, and again when it ends.",
    ),
    "node:agent:strategy": R(
        "dsl 6.19",
        "function_calling and ReAct run, whichever plugin names them so; others are refused by name.",
        divergence="What strategies of others do beside that is not known; servers of tools that they name are reached"
        " where the operator says so in [tools].",
    ),
    "node:agent:stop": R("5.1", "A stop in the middle of an agent's tool ends the tool."),
    "node:tool:gone": R(
        "6.4",
        "A client that goes away in the middle of a tool's node changes nothing: the run ends, its answer is kept, and "
        "the next turn is shown it.",
        divergence="In the original the message stays empty.",
    ),
    "node:agent:gone": R(
        "6.4",
        "The same holds in the middle of an agent's tool.",
        divergence="In the original the message stays empty.",
    ),
    "tool:workflow": R(
        "dsl 6.11, 4.1",
        "A workflow of this server is a tool: its form is what it takes, its outputs are what it gives, and a run of it"
        " is one of that app.",
        divergence="Its operator names it ([tools.NAME] app = …): an export holds the id of another server's.",
    ),
    "tool:workflow:stop": R("5.1", "A stop of who uses a workflow as a tool stops the workflow's run."),
    "tool:workflow:depth": R("dsl 4.1", "Workflows as tools of workflows end at a depth of five."),
    "node:bad-input": R(
        "dsl 2.4, 4",
        "What cannot run fails its run in time: the node's failure, the run's, and an error with its name.",
    ),
    "node:document-extractor": R("dsl 6.17", "Documents that are uploaded with a message are read as text."),
    "node:code": R(
        "dsl 6.8",
        "A code node's main is given the inputs (Python by name, JavaScript one object); its object is the output.",
    ),
    "node:code:outputs": R(
        "dsl 6.8",
        "What code returns is held to the declared outputs and their limits; what does not fit fails the node.",
        divergence="A text like 1e5 stays a text where a text is declared; Dify makes it a number, and fails.",
    ),
    "node:code:failure": R(
        "dsl 4.2, 6.8",
        "Code that fails fails the run, with the node, the error and its line; or takes the node's fail-branch.",
        divergence="The message is one line; Dify's is the traceback of its sandbox.",
    ),
    "node:code:bounded": R(
        "dsl 6.8", "Endless or hungry code is ended, a stop ends it at once, and other runs notice nothing of it."
    ),
}
