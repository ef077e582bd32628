"""Tools of an installed Python package: `module:name`, or the name of an entry point. Knows no package.

What is there is a function, whose signature is what a model is told, or a `Builtin`, or several. It is somebody else's
code, in this process: it is loaded when it is first needed, and whatever it raises is a failure of the tool.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from threading import BoundedSemaphore, Thread
from typing import Any, Generic, TypeVar, cast, get_type_hints

import msgspec
from msgspec import structs

from parlour.domain.problems import Problem, ToolFailed
from parlour.ports.tools import Caller, Outcome
from parlour.tools.builtin_shelf import BuiltinShelf
from parlour.tools.shelf import Told
from parlour.tools.tool import Access, Builtin, Given, Reach

Result = TypeVar("Result")

GROUP = "parlour.tools"
MOST_THREADS = 16
"""Plain functions of a name that run at a time, with those whose end nobody waits for any more."""
GRACE = 1.0
"""Seconds that a coroutine has to end when it is cancelled."""


def found(entry: str) -> str:
    """Where it is, as `module:name`. Loads nothing.

    Raises:
        ValueError: there is none.
    """
    module, colon, name = entry.partition(":")
    if not colon:
        from importlib.metadata import entry_points

        known = {point.name: point.value for point in entry_points(group=GROUP)}
        if entry not in known:
            raise ValueError(f"no installed package has an entry point {entry!r} in the group {GROUP}")
        return known[entry]
    if not name or not module or find_spec(module.partition(".")[0]) is None:
        raise ValueError(f"{entry!r} is no place of an installed package, such as module:function")
    return entry


class PythonShelf:
    def __init__(self, entry: str, reach: Reach, access: Access, name: str = "") -> None:
        """`name`: what a tool is called that is the only one there, if not as its function."""
        self._entry = entry
        self._name = name
        self._reach = reach
        self._access = access
        self._loading = asyncio.Lock()
        self._shelf: BuiltinShelf | None = None

    async def tools(self) -> Mapping[str, Told]:
        return await (await self._loaded()).tools()

    async def use(self, name: str, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        shelf = await self._loaded()
        return await guarded(shelf.use(name, arguments, caller))

    async def aclose(self) -> None:
        """Nothing is held."""

    async def _loaded(self) -> BuiltinShelf:
        async with self._loading:
            if self._shelf is None:
                tools = await guarded(asyncio.to_thread(loaded, self._entry, self._name))
                self._shelf = BuiltinShelf(tools, self._reach, self._access)
        return self._shelf


def loaded(entry: str, name: str) -> tuple[Builtin, ...]:
    """Raises: ToolFailed: it is nothing that can be used as a tool."""
    module, _, where = entry.partition(":")
    there: object = import_module(module)
    for part in where.split("."):
        there = getattr(there, part)
    several = cast("Sequence[object]", there) if isinstance(there, list | tuple) else [there]
    tools = [one if isinstance(one, Builtin) else tool_of(one) for one in several]
    if not tools:
        raise ToolFailed(f"{entry} has no tool")
    return (structs.replace(tools[0], name=name),) if name and len(tools) == 1 else tuple(tools)


def tool_of(function: object) -> Builtin:
    """A function as a tool: its name, its documentation, and what its signature says.

    Raises:
        ToolFailed: it is none, or takes what cannot be given by name.
    """
    if not callable(function) or not (name := str(getattr(function, "__name__", ""))).isidentifier():
        raise ToolFailed(f"{function!r} is no function, and no Builtin")
    hints = get_type_hints(function, include_extras=True)
    fields: list[tuple[str, object, object]] = []
    whole = ""
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise ToolFailed(f"{name} takes {parameter}: a tool is given all it takes by name")
        hint = hints.get(parameter.name, Any)
        if hint is Given:
            whole = parameter.name
        else:
            default: object = parameter.default
            fields.append((parameter.name, hint, msgspec.NODEFAULT if default is parameter.empty else default))
    form = msgspec.defstruct(name, cast("Any", fields), kw_only=True)
    _, schemas = msgspec.json.schema_components((form,))
    told = schemas.pop(form.__name__)
    run = runner(function, form, whole)
    described = inspect.getdoc(function) or name
    label = name.replace("_", " ").capitalize()
    return Builtin(name, label, described, run, told["properties"], tuple(told["required"]), definitions=schemas)


def runner(
    function: Callable[..., Any], form: type[msgspec.Struct], whole: str
) -> Callable[[Given], Awaitable[Outcome]]:
    """`whole`: the parameter that takes all that the tool is given, if there is one."""
    threads = BoundedSemaphore(MOST_THREADS)

    async def run(given: Given) -> Outcome:
        told = {name: value for name, value in given.arguments.items() if value is not None}
        try:
            said = msgspec.convert(told, form, strict=False)
        except msgspec.ValidationError as error:
            raise ToolFailed(f"its arguments do not fit: {error}") from None
        named: dict[str, Any] = {field: getattr(said, field) for field in form.__struct_fields__}
        if whole:
            named[whole] = given
        if inspect.iscoroutinefunction(function):
            return outcome_of(await function(**named))
        return outcome_of(await in_thread(lambda: function(**named), threads))

    return run


def outcome_of(value: object) -> Outcome:
    if isinstance(value, Outcome):
        return value
    if value is None or isinstance(value, str):
        return Outcome(value or "")
    plain: object = msgspec.to_builtins(value)
    return Outcome(msgspec.json.encode(plain).decode(), data=(plain,))


async def guarded(work: Coroutine[Any, Any, Result]) -> Result:
    """What comes of somebody else's code.

    Raises:
        ToolFailed: it raises something, whatever it is.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=GRACE)
    if task.cancelled():
        raise ToolFailed("it has given up")
    if (error := task.exception()) is not None:
        raise failed(error)
    return task.result()


def failed(error: BaseException) -> Problem:
    return error if isinstance(error, Problem) else ToolFailed(f"{type(error).__name__}: {error}")


async def in_thread(work: Callable[[], Result], threads: BoundedSemaphore) -> Result:
    """Run it in a thread of its own, which no end of the process waits for: nothing can stop it.

    Raises:
        ToolFailed: too many run already, or it raises something.
    """
    if not threads.acquire(blocking=False):
        raise ToolFailed(f"{MOST_THREADS} uses of it still run: it cannot be used now")
    answer = Answer[Result]()

    def run() -> None:
        with answer:
            answer.result = work()
        threads.release()

    Thread(target=run, name="tool", daemon=True).start()
    return await answer.heard


class Answer(Generic[Result]):
    """Where a thread leaves what came of its work: around the work, it hears of whatever that raises."""

    result: Result

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.heard: asyncio.Future[Result] = self._loop.create_future()

    def __enter__(self) -> None:
        """Nothing is opened."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        with suppress(RuntimeError):  # the loop has ended before it
            self._loop.call_soon_threadsafe(self._tell, error)
        return True

    def _tell(self, error: BaseException | None) -> None:
        if self.heard.done():  # nobody waits any more
            return
        if error is None:
            self.heard.set_result(self.result)
        else:
            self.heard.set_exception(failed(error))
