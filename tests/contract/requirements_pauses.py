"""What is owed where a run waits for somebody: its events, its form, how it goes on. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement

PAUSES = {
    "pause:events": R(
        "4.4.3, 4.5",
        "human_input_required for each form, then workflow_paused, and the stream closes; no message_end. The message"
        " is saved before, as paused.",
    ),
    "pause:blocking": R("3.2, 3.3", "A blocking caller is told of the pause: answer so far, paused_nodes and reasons."),
    "pause:resumed": R(
        "4.5",
        "human_input_form_filled (or _timeout), the node's node_finished, the rest; only new text, while the stored"
        " answer is old and new; conversation, message, task and run keep their ids.",
    ),
    "pause:several": R("4.5", "Several forms in one pause: who has not answered yet is asked with the same form."),
    "pause:timeout": R("4.5", "A form whose time is over: human_input_form_timeout, and the way of the timeout."),
    "pause:stop": R("5.1", "A run that waits can be stopped: workflow_finished with stopped, its form is gone."),
    "pause:place": R("6.2", "A run that waits takes no place among the app's runs; one that goes on is let in."),
    "form:show": R("5.10", "GET /form/human_input/{token}: content, inputs, default values, actions, expiration_time."),
    "form:submit": R("5.10", "POST with inputs, action and user is {}; any user with the token may send it."),
    "form:invalid": R(
        "5.10", "An unknown action, a missing input or one that does not fit is 400, and leaves the form open."
    ),
    "form:files": R("5.10", "Files of a form: uploads of who sends it, or addresses, within the field's rules."),
    "form:once": R("5.10", "A second submission, and a later look, is 412 human_input_form_submitted."),
    "form:expired": R("5.10", "After its time the form is 412 human_input_form_expired, to read and to send."),
    "form:history": R(
        "5.3",
        "extra_contents of /messages: each form of a message's run; as form_definition until it is submitted, then as"
        " form_submission_data.",
    ),
    "form:own": R("5.10", "An unknown token, another app's, and one of a run that is over is 404 not_found."),
    "flow-events:live": R("5.10", "GET /workflow/{run_id}/events tells a run that goes on from now on."),
    "flow-events:finished": R("5.10", "Of a finished run: a single workflow_finished, whose task is the run."),
    "flow-events:resumed": R(
        "5.10, 4.5",
        "Of a run that goes on after a pause: from where it went on.",
        divergence="Also after its end, once: who has just sent a form misses nothing of a quick run.",
    ),
    "flow-events:pause": R(
        "5.10", "Closes at a pause, unless continue_on_pause; a run that waits is waited for, with pings."
    ),
    "flow-events:snapshot": R(
        "5.10",
        "include_state_snapshot: workflow_started, a pair for each node that has run, and what a paused run waits for.",
    ),
    "flow-events:own": R(
        "5.10", "Another user's or app's run is 404, as an unknown one; other modes: not_workflow_app."
    ),
}
