"""What is owed around an answer: what is let through, what is heard. Knows no test."""

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
    "speech:stream": R(
        "4.4.1, 4.5 c, 0.20",
        "With autoPlay the answer is read aloud beside its text, sentences in order, in every mode; the sound that is"
        " left follows the end, and tts_message_end is the last event.",
        divergence="tts_message_end carries one silent frame; `upstream` sends an empty text.",
    ),
    "speech:early": R("4.5 c", "Sound is told as soon as it is there, though the model is silent meanwhile."),
    "speech:failure": R(
        "4.4.7, ours", "A voice that fails ends the sound, and nothing else; no sound follows an error."
    ),
    "speech:stop": R("5.1", "A stop ends the sound as well, before the answer's end and after it."),
    "speech:off": R("4.5 c", "Without autoPlay, and for blocking callers, nothing is read aloud."),
    "speech:text": R("ours", "Thoughts, code, addresses and marks are not read aloud."),
    "audio:speak": R(
        "5.8, 8.12",
        "text-to-audio: MP3 of a text, or of the answer of a message of this user, in the app's voice or another.",
        divergence="Another's or an unknown message is 404, a malformed id 400; the original says null, or tells it.",
    ),
    "audio:speak:refused": R("5.8, 1.5", "No text, a text of nothing that is heard, or a switched off feature: 400."),
    "audio:listen": R(
        "5.8, 8.32",
        "audio-to-text: what is said in a recording of up to 30 MB.",
        divergence="audio/mpeg, mp4, webm and ogg are taken as well.",
    ),
    "audio:absent": R("1.5", "Without a voice both say what to install, or to set."),
}
