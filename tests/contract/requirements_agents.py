"""What Parlour owes the clients of agents. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement

AGENTS = {
    "mode:agent-chat": R("2.7", "agent-chat refuses the blocking mode, and an omitted one: 400 invalid_param."),
    "mode:agent-chat:folded": R(
        "2.7",
        "With `server.agent_blocking` an agent answers in the blocking mode, too: its whole text, as it is kept.",
        divergence="Ours, off unless its operator says so: for clients that cannot read a stream.",
    ),
    "mode:new-agent": R(
        "2.7, 4.5 e",
        "A new agent (`mode: agent`) streams unless it is asked to block, which is 400 bad_request; the whole answer is"
        " one message before message_end, which has no retriever_resources.",
        divergence="Its file is read as an agent-chat's: no export of one is known. It is never unbound.",
    ),
    "mode:chat-as-agent": R("2.7", "A chat app whose configuration enables an agent's strategy behaves as agent-chat."),
    "order:agent": R(
        "4.4.2",
        "A step of an agent: agent_thought (empty), agent_message*, agent_thought (tool), message_file*, agent_thought"
        " (observation); the last one ends after its second thought, and message_end follows.",
    ),
    "agent:thought": R(
        "4.3",
        "A thought keeps its id as it grows; tool names are joined by `;`, tool_input and observation are JSON text by"
        " tool.",
    ),
    "agent:parallel": R(
        "4.3",
        "All tools that a step asks for are used, and told in the order in which they were asked for.",
        divergence="They run beside one another. A second call of one tool is told under `name (2)`: in the original it"
        " hides the first.",
    ),
    "agent:tool:unknown": R("2.7", "A tool that is not there is an observation that says so, and no failure."),
    "agent:tool:failing": R("2.7", "A tool that fails, or lacks an argument, is an observation that says why."),
    "agent:tool:slow": R(
        "6.3",
        "A tool that takes too long is stopped, and that is its observation.",
        divergence="Ours: in the original only the whole answer has a limit.",
    ),
    "agent:tool:large": R(
        "4.3",
        "A result of ten megabytes is cut to what a model can read, and says so.",
        divergence="Ours: in the original it goes to the model as it is.",
    ),
    "agent:file": R(
        "4.3",
        "A file that a tool makes is kept before message_file tells its signed address; its thought names it, and the"
        " history shows it as the assistant's, with a fresh address.",
    ),
    "agent:rounds": R(
        "6.3", "The round after the last runs without tools; a model that asks for one all the same is an error."
    ),
    "agent:react": R("4.4.2", "A model that knows no tools is told of them in plain text; its actions are not shown."),
    "agent:history": R("5.3", "The history shows an agent's thoughts as its stream told them."),
    "agent:again": R("5.3", "In the next turn the model is shown what its tools were asked and what they said."),
    "agent:thinking": R(
        "dsl 8.4",
        "Within a turn, what the model thought goes back to a provider that wants it with the results of tools.",
        divergence="Ours: the original sends none back, and such a provider refuses.",
    ),
    "agent:stop": R("5.1", "A stop in the middle of a tool ends the tool; what was said and thought is kept."),
    "agent:gone": R(
        "6.4",
        "A client that goes away in the middle of a tool changes nothing: the run ends, and all of it is kept.",
        divergence="In the original the answer is lost.",
    ),
    "agent:long": R(
        "dsl 8.4",
        "A turn that grows beyond what its model can hold is shown to it in part, and goes on.",
        divergence="Results of tools give way, the oldest first, with a note; in the original earlier turns do.",
    ),
    "agent:failure": R("4.5 m", "A model that fails between two steps leaves the thoughts so far, and an error event."),
    "agent:meta": R("5.8", "/meta has an icon for each tool of an agent."),
    "check:28": R(
        "check 28",
        "agent-chat + blocking is 400; a stream has thoughts upserted by id with tool, input and observation, and"
        " message_file between the second and the third.",
    ),
}
