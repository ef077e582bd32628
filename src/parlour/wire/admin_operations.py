"""The operations of the operator's API, as its description lists them. Knows nothing of how they are served."""

from functools import partial

from parlour.wire import admin, admin_runs
from parlour.wire.operation import Operation

_operation = partial(Operation, method="get", tag="Operator", admin=True)

OPERATIONS = (
    _operation(
        path="/v1/admin/apps", id="adminListApps", summary="List the apps that are served", response=admin.AdminApps
    ),
    _operation(
        path="/v1/admin/runs",
        id="adminListRuns",
        summary="List runs across apps and users",
        query=admin.AdminRunsQuery,
        response=admin_runs.AdminRuns,
    ),
    _operation(
        path="/v1/admin/runs/{run_id}",
        id="adminGetRun",
        summary="Read a run: its graph and what its nodes did, what was asked and answered",
        response=admin_runs.AdminRunDetail,
    ),
    _operation(
        path="/v1/admin/runs/{run_id}/events",
        id="adminListRunEvents",
        summary="Hear what happens in a run: nodes that start and end, what is said, until it is over or waits",
        stream=True,
    ),
    _operation(
        path="/v1/admin/conversations",
        id="adminListConversations",
        summary="List conversations across apps and users",
        query=admin.AdminConversationsQuery,
        response=admin.AdminConversations,
    ),
    _operation(
        path="/v1/admin/conversations/export",
        id="adminExportConversations",
        summary="Write out messages, one a line, the newest first",
        query=admin.AdminExportQuery,
        response=admin.AdminMessage,
        lines=True,
    ),
    _operation(
        path="/v1/admin/messages",
        id="adminListMessages",
        summary="List messages across conversations",
        query=admin.AdminMessagesQuery,
        response=admin.AdminMessages,
    ),
    _operation(
        path="/v1/admin/statistics",
        id="adminGetStatistics",
        summary="Requests, errors, tokens, cost and times over time, by app",
        query=admin.AdminStatisticsQuery,
        response=admin.AdminStatistics,
    ),
    _operation(
        method="delete",
        path="/v1/admin/end-users",
        id="adminForgetEndUser",
        summary="Delete a user with everything that was said, run and sent",
        query=admin.EraseQuery,
        response=admin.ErasedBody,
    ),
)
