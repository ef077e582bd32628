"""What is owed around an answer: what is let through. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement

FEATURES = {
    "moderation:question": R(
        "4.4.3, 4.5 p, 8.25, dsl 9.4",
        "A query or a value of the form that is not let through: the preset text word by word, message_end, zero usage;"
        " no model and no graph begins.",
        divergence="The run of a chatflow that did not begin is listed as stopped; the original has none.",
    ),
    "moderation:answer": R(
        "4.3, 4.5 d, dsl 9.4",
        "An answer is looked at whenever 300 characters are new, and at its end: message_replace, and the rest of it is"
        " never told. Midway that ends the run: a chatflow is stopped, then its message ends.",
        divergence="The original goes on telling while it looks; it also keeps the text in the outputs of the run.",
    ),
    "moderation:buffer": R(
        "6.3", "What is not let through is ahead of who looks by less than 300 characters, however it comes in pieces."
    ),
    "moderation:model": R("dsl 9.4", "openai_moderation: the /moderations endpoint of the provider openai decides."),
    "moderation:extension": R(
        "dsl 9.4",
        "api: an extension decides, and may put other words into a question or an answer; a graph is asked in its"
        " user's words.",
    ),
    "moderation:failure": R(
        "ours, dsl 9.4",
        "A question that nobody decides of is an error; an answer goes on, and the log says so; without an address"
        " nothing is said but that.",
        divergence="Without an address the original tells the answer unmoderated.",
    ),
    "moderation:pause": R(
        "ours, dsl 9.4",
        "Before a run waits for somebody its answer is looked at; what comes later, together with what was said.",
        divergence="The original looks at each part by itself.",
    ),
    "moderation:workflow": R("dsl 9.4", "A workflow app is not moderated, and `parlour check` says so."),
}
