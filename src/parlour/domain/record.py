"""The fold of a run's events: what is saved, and what a blocking caller is told.

Knows nothing of stores or of the wire; `blocking == fold(stream)` holds because both read this.
"""

from msgspec import Struct, structs

from parlour.domain.events import (
    AgentTextDelta,
    AgentThought,
    AnnotationHit,
    AnswerFinished,
    AnswerReplaced,
    AnyEvent,
    AudioDelta,
    Citation,
    ContainerStarted,
    Intercepted,
    MessageFile,
    ModelCalled,
    ModelFinished,
    NodeFinished,
    NodeStarted,
    Retracted,
    RunFinished,
    RunStatus,
    Suspended,
    TextDelta,
    VariableAssigned,
    WorkflowFinished,
    WorkflowPaused,
    WorkflowStarted,
)
from parlour.domain.message import Asked
from parlour.domain.problems import Problem
from parlour.domain.usage import NOTHING, Usage, total


class Calling(Struct, frozen=True):
    called: ModelCalled
    parts: int
    """How many pieces the answer had when it was asked."""
    unsaid: tuple[str, ...] = ()
    """What it has said and was replaced since."""


class Record(Struct):
    """What is known of a run so far. `add` its events in order; read it at any time."""

    parts: list[str] = []
    thoughts: dict[str, AgentThought] = {}
    stepped: bool = False
    """Whether an agent has begun a step, and not said anything in it."""
    files: list[MessageFile] = []
    calling: list[Calling] = []
    """Models that were asked and have not finished."""
    spent: list[Usage] = []
    """What the finished ones took."""
    calls: list[Asked] = []
    """The same, with who was asked and when."""
    usage: Usage = NOTHING
    citations: tuple[Citation, ...] = ()
    annotation: AnnotationHit | None = None
    sound: int = 0
    """How much of it was told, in characters."""
    intercepted: str = ""
    """Why nothing more is said, if that was decided."""
    answered: bool = False
    """Whether the answer is complete: nothing after this changes the text."""
    variables: dict[str, object] = {}
    """Variables of its conversation that it has written, by name."""
    steps: int = 0
    """Nodes that have started."""
    exceptions: int = 0
    """Failures of nodes that a strategy has caught."""
    opening: WorkflowStarted | None = None
    """How its graph has begun."""
    closing: WorkflowFinished | None = None
    """How its graph has ended."""
    paused: WorkflowPaused | None = None
    status: RunStatus = "running"
    problem: Problem | None = None

    @property
    def answer(self) -> str:
        return "".join(self.parts)

    @property
    def heard(self) -> str:
        """What the model that was asked last has said so far."""
        return "".join(self.parts[self.calling[-1].parts :]).removeprefix("\n") if self.calling else ""

    def steps_of_agent(self) -> tuple[AgentThought, ...]:
        """Its thoughts; the last one, where it was cut off, as far as it had got."""
        thoughts = list(self.thoughts.values())
        if thoughts and self.calling and not thoughts[-1].thought:
            thoughts[-1] = structs.replace(thoughts[-1], thought=self.heard)
        return tuple(thoughts)

    def add(self, event: AnyEvent) -> None:
        if isinstance(event, TextDelta):
            self.parts.append(event.text)
            return
        if isinstance(event, AgentTextDelta):
            if self.stepped and self.parts:
                self.parts.append("\n")  # the answer is the texts of all steps (contract 4.5 e)
            self.stepped = False
            self.parts.append(event.text)
            return
        match event:
            case ModelCalled():
                self.calling.append(Calling(event, len(self.parts)))
            case ModelFinished():
                called = event.called or self.calling[-1].called
                del self.calling[next(n for n, one in enumerate(self.calling) if one.called == called)]
                self.spent.append(event.usage)
                self.calls.append(asked(called, event.usage, failed=event.reason == "error"))
            case Retracted():
                self.parts = [self.answer[: -event.characters]]
            case AnswerReplaced():
                self.calling = [
                    structs.replace(one, parts=1, unsaid=(*one.unsaid, *self.parts[one.parts :]))
                    for one in self.calling
                ]
                self.parts = [event.text]
            case AgentThought():
                self.stepped |= event.id not in self.thoughts
                self.thoughts[event.id] = event
            case MessageFile():
                self.files.append(event)
            case AnswerFinished():
                self.usage, self.citations, self.annotation = event.usage, event.citations, event.annotation
                self.answered = True
            case RunFinished():
                self.status, self.problem = event.status, event.problem
            case _:
                self._add_rarer(event)

    def _add_rarer(self, event: AnyEvent) -> None:
        """What most chats pass by."""
        match event:
            case AudioDelta():
                self.sound += len(event.audio)
            case Intercepted():
                self.intercepted, self.annotation = event.reason, event.annotation
                if self.calling:
                    last = self.calling[-1]
                    self.calling[-1] = structs.replace(last, unsaid=(*last.unsaid, event.unsaid))
            case NodeStarted():
                self.steps += 1
            case NodeFinished():
                self.exceptions += event.outcome.status == "exception"
            case VariableAssigned():
                self.variables[event.name] = event.value
            case ContainerStarted():
                self.steps += 1
            case WorkflowStarted():
                self.opening = event
            case WorkflowFinished():
                self.closing = event
            case Suspended():
                self.paused, self.usage = event.told, total(self.spent)
            case _:
                pass


def asked(called: ModelCalled, usage: Usage, *, failed: bool) -> Asked:
    return Asked(called.model.provider, called.model.name, called.at, usage, failed)
