"""What is owed of chatflows and workflows: their routes, their events, their variables. Knows no test."""

from tests.contract.owed import Requirement

R = Requirement

WORKFLOWS = {
    "workflow:blocking": R("3.3", "POST /workflows/run: task_id, workflow_run_id and data with its ten members."),
    "workflow:stream": R(
        "4.2-4.4",
        "Streamed: workflow and node events with workflow_run_id and task_id, text in text_chunk; the run's end last.",
    ),
    "workflow:failed": R("3.3", "A run that failed is 200 for a blocking caller, with status failed and its error."),
    "workflow:request": R("3.3", "inputs is required, an object; a missing user is 400 before everything else."),
    "workflow:form": R("2.3", "Inputs are checked against the form of the start node, files in them too."),
    "workflow:files": R("3.3", "files beside the form are the run's sys.files, where the app takes files."),
    "workflow:mode": R("1.5, 1.6", "On an app of another mode: 400 not_workflow_app, after a missing user."),
    "workflow:version": R("2.5, 0.3-0.5", "POST /workflows/{workflow_id}/run runs that published version."),
    "workflow:version:wrong": R(
        "2.5, 0.3-0.5",
        "A malformed, an unknown and a draft version each have their code, before the form is looked at.",
    ),
    "workflow:limits": R("1.5, 6.2", "The concurrency limit and the rates of keys and users hold for workflows, too."),
    "workflow:stop": R(
        "5.1",
        "POST /workflows/tasks/{task_id}/stop ends the app's run, whoever asks; else it is a silent success.",
    ),
    "workflow:events": R(
        "ours, 6.4", "GET /runs/{task_id}/events tells a workflow's run again.", divergence="An addition."
    ),
    "workflow:about": R("5.8", "/parameters, /info, /meta and /site answer for chatflows and workflows."),
    "workflow:detail": R(
        "5.10", "GET /workflows/run/{id}: its eleven members; inputs as JSON text, outputs an object."
    ),
    "workflow:detail:own": R(
        "5.10, 8.6, 8.14",
        "A run is seen by all users of its app; an unknown one, or another app's, is 404.",
        divergence="A release of the original answers an unknown one with nulls.",
    ),
    "workflow:logs": R("5.10", "GET /workflows/logs: newest first, page, limit, total and has_more."),
    "workflow:logs:filters": R(
        "5.10", "keyword, status, the user and bounds of the time choose; malformed ones are 400 and named."
    ),
    "workflow:logs:chatflow": R("5.10", "The runs of a chatflow are listed as well, as the original's documents say."),
    "flow:true-values": R(
        "4.3, 8.24",
        "A node's index counts from 1, a failed container says its error, a loop's steps are the rounds that ran.",
        divergence="The original sends 1, null and the most that there might be.",
    ),
    "record:level": R(
        "ours",
        "How the nodes of a run went is kept beside it, with inputs and outputs or not at all where the operator says.",
        divergence="An addition: no route shows it, `parlour runs show` does.",
    ),
    "workflow:life": R("6.4", "A client that goes away changes nothing for the run of a workflow."),
}
