"""The runs of a process, by each id that they are asked for by. Does not know when one begins, nor when it goes."""

from collections.abc import Iterator

from parlour.runs.run import Run


class Known:
    """Each run once, under its task; its other ids lead there."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._tasks: dict[str, str] = {}

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs.values())

    def add(self, run: Run) -> None:
        """One more, or one that goes on again."""
        self._runs[run.ids.task_id] = run
        self._tasks.update(dict.fromkeys(names(run), run.ids.task_id))

    def of_task(self, task_id: str) -> Run | None:
        return self._runs.get(task_id)

    def of_name(self, name: str) -> Run | None:
        """By its task, its message or its own id."""
        return self._runs.get(self._tasks.get(name, ""))

    def drop(self, task_id: str) -> None:
        for name in names(self._runs.pop(task_id)):
            del self._tasks[name]


def names(run: Run) -> set[str]:
    """Which of them it has depends on its mode."""
    return {run.ids.task_id, run.ids.message_id, run.ids.workflow_run_id} - {""}
