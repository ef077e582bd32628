"""What a user types. Reads the settings once, hands them on, and turns every start-up failure into one clear line."""

import sys
import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
import uvloop
from msgspec import json, structs

import parlour
from parlour import logs, wiring, wiring_keeping
from parlour.amounts import duration
from parlour.cli_knowledge import knowledge
from parlour.domain.app import ToolUse
from parlour.domain.dataset import TENANT
from parlour.domain.events import NodeOutcome
from parlour.domain.problems import Problem
from parlour.domain.workflow_run import WorkflowRun
from parlour.dsl.findings import Finding, Refused
from parlour.dsl.heading import app_id
from parlour.http.auth import digest
from parlour.http.reading import datasets, report, understood
from parlour.options import config_option, data_option, path, print_line, print_table, settings_of, with_storage
from parlour.ports.catalogue import Key, Version
from parlour.ports.retention import Pruned
from parlour.runs.pruning import counted, prune
from parlour.serve import cure, serve
from parlour.settings import AppEntry, BadSettings, Settings
from parlour.sources import Source, files_of, hint, make_key, sources

partial_option = click.option("--allow-partial", is_flag=True, help="take apps of which some nodes do not run")
COLOURS = {"supported": "green", "approximated": "yellow", "refused": "red"}


def main() -> None:
    """The command `parlour`."""
    logs.begin()
    try:
        cli()
    except BadSettings as error:
        sys.exit(f"parlour: {error}")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Serve exported apps on their clients' own API."""


cli.add_command(knowledge)


@cli.group()
def keys() -> None:
    """The keys that clients send."""


@cli.group()
def apps() -> None:
    """The apps of this server and their versions."""


@cli.group()
def runs() -> None:
    """Runs of chatflows and workflows."""


@cli.command("serve")
@click.argument("paths", type=path, nargs=-1, metavar="[FILE|DIR]...")
@config_option
@click.option("--host", default="", help="the address to listen on; 127.0.0.1 unless the configuration says other")
@click.option("--port", type=int, help="the port; 8000 unless the configuration says other, 0 picks one")
@data_option
@partial_option
def serve_(
    paths: tuple[Path, ...], config: Path | None, host: str, port: int | None, data: Path | None, *, allow_partial: bool
) -> None:
    """Serve apps: these files, or those of parlour.toml, or the demo."""
    settings = settings_of(config, data)
    logs.write_as(settings.telemetry.logs)
    server = settings.server
    server = structs.replace(server, host=host or server.host, port=server.port if port is None else port)
    settings = structs.replace(settings, server=server)
    found = sources(settings, paths)
    if allow_partial:
        found = tuple(
            structs.replace(source, entry=structs.replace(source.entry, allow_partial=True)) for source in found
        )
    uvloop.run(serve(settings, found, print_line))


@cli.command()
@click.argument("paths", type=path, nargs=-1, required=True, metavar="FILE|DIR...")
@partial_option
@config_option
def check(paths: tuple[Path, ...], *, allow_partial: bool, config: Path | None) -> None:
    """Say of each part of an app file whether it is supported, approximated or refused; exit 1 if any is refused."""
    refused, serves = False, tools_of(config)
    sources = [source for one in paths for source in files_of(AppEntry(str(one)))]
    lacking = lost_datasets(sources, config)
    for source in sources:
        found = report(source.path.read_text("utf-8", "replace"), source.name, serves)
        for finding in found:
            refused |= finding.level == "refused" and not (allow_partial and finding.partial)
            advice = f" — {finding.advice}" if finding.advice else ""
            level = click.style(finding.level, fg=COLOURS[finding.level])
            click.echo(f"{source.path}:{finding.line}: {level}: {finding.what}{advice}")
        for line, lost in lacking[source.path]:
            level = click.style("approximated", fg=COLOURS["approximated"])
            click.echo(
                f"{source.path}:{line}: {level}: dataset {lost}: is not here, and nothing is found in it — {CURE}"
            )
        click.echo(f"{source.path}: {summary(found)}")
    sys.exit(refused)


CURE = (
    '`parlour knowledge add NAME FOLDER` makes one; [datasets."…"] name = "NAME" says that it stands for this, or '
    'external = "https://…" that another service does'
)


def lost_datasets(sources: Sequence[Source], config: Path | None) -> dict[Path, list[tuple[int, str]]]:
    """The datasets that each file names and that are not here, by line."""
    named = {one.path: datasets(one.path.read_text("utf-8", "replace"), one.name) for one in sources}
    lost = {dataset for found in named.values() for _, dataset in found}
    if lost:
        settings = settings_of(config, None)
        lost -= {name for name, said in settings.datasets.items() if said.external}
        if wiring.has_database(settings):
            lost = with_storage(settings, partial(unknown, settings, lost))
    return {path: [(line, one) for line, one in found if one in lost] for path, found in named.items()}


async def unknown(settings: Settings, names: Collection[str], storage: wiring.Storage) -> set[str]:
    datasets = wiring.named_datasets(settings, storage)
    return {one for one in names if not await datasets.find([one])}


def tools_of(config: Path | None) -> Callable[[ToolUse], str]:
    """What serves the tools that files name. A broken configuration that nobody has named is none here."""
    try:
        return wiring.served_tools(settings_of(config, None))
    except BadSettings:
        if config is not None:
            raise
        return wiring.served_tools()


def summary(found: tuple[Finding, ...]) -> str:
    """How a file is served, in a line."""
    levels = [finding.level for finding in found]
    counts = ", ".join(f"{levels.count(level)} {level}" for level in COLOURS if level in levels)
    lacking = [finding for finding in found if finding.level == "refused"]
    if not lacking:
        return f"{counts}: it is served"
    partial = all(finding.partial for finding in lacking)
    return f"{counts}: it is served in part, if you allow it (--allow-partial)" if partial else f"{counts}: not served"


@keys.command()
@click.argument("app", default="")
@click.option("--knowledge", is_flag=True, help="a key for knowledge bases")
@click.option("--tenant", default=TENANT, help="whose knowledge bases those are")
@click.option("--admin", is_flag=True, help="an operator's key")
@config_option
@data_option
def create(app: str, config: Path | None, data: Path | None, *, knowledge: bool, tenant: str, admin: bool) -> None:
    """Make a key for the app of this name. It is printed alone, this once; only its hash is kept."""
    kind = "knowledge" if knowledge else "admin" if admin else "app"
    if bool(app) == (kind != "app"):
        raise BadSettings("say for what: `parlour keys create APP`, or --knowledge, or --admin")
    token = make_key(kind)

    async def work(storage: wiring.Storage) -> None:
        known = {version.app for version in await storage.versions.latest()}
        if kind == "app" and app not in known:
            names = ", ".join(sorted(known)) or "none yet"
            raise BadSettings(f"there is no app called {app!r} (known: {names}). Serve or publish it first.")
        opened = tenant if kind == "knowledge" else app
        await storage.keys.add(Key(digest(token), kind, opened, hint(token), time.time()))

    with_storage(settings_of(config, data), work)
    print_line(token)


@keys.command("list")
@config_option
@data_option
def list_keys(config: Path | None, data: Path | None) -> None:
    """The keys that were made, without their secret part."""

    async def work(storage: wiring.Storage) -> tuple[Key, ...]:
        return await storage.keys.all()

    found = with_storage(settings_of(config, data), work)
    print_table(("KEY", "FOR", "MADE"), [(key.hint, opened(key), moment(key.created_at)) for key in found])


def opened(key: Key) -> str:
    """What a key is for, in a word or two."""
    if key.kind == "knowledge":
        return f"knowledge {key.app}".removesuffix(f" {TENANT}")
    return key.app or key.kind


@keys.command()
@click.argument("key")
@config_option
@data_option
def revoke(key: str, config: Path | None, data: Path | None) -> None:
    """Make a key, given whole, worthless; a running server notices within seconds."""

    async def work(storage: wiring.Storage) -> bool:
        return await storage.keys.revoke(digest(key))

    if not with_storage(settings_of(config, data), work):
        raise BadSettings("there is no such key. `parlour keys list` shows those there are.")


@apps.command("list")
@config_option
@data_option
def list_apps(config: Path | None, data: Path | None) -> None:
    """The apps that were served or published here."""

    async def work(storage: wiring.Storage) -> tuple[Version, ...]:
        return await storage.versions.latest()

    found = with_storage(settings_of(config, data), work)
    print_table(("APP", "VERSION", "PUBLISHED"), [(one.app, one.id, moment(one.created_at)) for one in found])


@apps.command()
@click.argument("app")
@config_option
@data_option
def versions(app: str, config: Path | None, data: Path | None) -> None:
    """Every version of an app, the newest first."""

    async def work(storage: wiring.Storage) -> tuple[Version, ...]:
        return await storage.versions.history(app)

    found = with_storage(settings_of(config, data), work)
    if not found:
        raise BadSettings(f"there is no app called {app!r}. `parlour apps list` shows those there are.")
    print_table(
        ("VERSION", "PUBLISHED", ""), [(one.id, moment(one.created_at), "draft" if one.draft else "") for one in found]
    )


@apps.command()
@click.argument("file", type=path)
@click.option("--draft", is_flag=True, help="keep it without serving it")
@config_option
@data_option
@partial_option
def publish(file: Path, config: Path | None, data: Path | None, *, draft: bool, allow_partial: bool) -> None:
    """Make a file the next version of the app of its name; a running server serves it within seconds."""
    if not file.is_file():
        raise BadSettings(f"{file}: no such file")
    source: Source = files_of(AppEntry(str(file)))[0]
    try:
        text = source.path.read_text("utf-8")
        app = understood(text, source.name, partial=allow_partial, serves=tools_of(config))
    except Refused as refused:
        raise BadSettings(f"{file}: not published.\n{refused}{cure(refused)}") from refused
    except UnicodeDecodeError as error:
        raise BadSettings(f"{file}: not published.\n{error}") from error
    version = Version(app.card.version, source.name, text, time.time(), draft=draft)

    async def work(storage: wiring.Storage) -> None:
        await storage.versions.publish(version)

    with_storage(settings_of(config, data), work)
    print_line(version.id)


@runs.command()
@click.argument("run_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="all that is kept, with inputs and outputs, as JSON")
@config_option
@data_option
def show(run_id: str, config: Path | None, data: Path | None, *, as_json: bool) -> None:
    """How a run went, node by node: as much as storage.record keeps."""

    async def work(storage: wiring.Storage) -> tuple[WorkflowRun | None, tuple[NodeOutcome, ...]]:
        ids = [app_id(version.app) for version in await storage.versions.latest()]
        found = [await storage.workflows.get(app, run_id) for app in ids]
        return next((run for run in found if run is not None), None), await storage.executions.of_run(run_id)

    run, nodes = with_storage(settings_of(config, data), work)
    if run is None:
        raise BadSettings(f"there is no run {run_id!r}: it was never here, or it was pruned.")
    if as_json:
        print_line(json.format(json.encode({"run": run, "nodes": nodes}), indent=2).decode())
        return
    print_line(f"{run.id}  {run.status}  began {moment(run.created_at)} for {run.owner.user}, version {run.version}")
    print_line(f"{run.elapsed_time:.3f} s  {run.total_tokens} tokens  {run.total_steps} steps  {run.error or ''}\n")
    print_table(("NODE", "TYPE", "STATUS", "SECONDS", "TOKENS", "ERROR"), [row_of(node) for node in nodes])


def row_of(node: NodeOutcome) -> tuple[str, ...]:
    tokens = (node.execution_metadata or {}).get("total_tokens")
    return (
        node.title or node.node_id,
        node.node_type,
        node.status,
        f"{node.elapsed_time:.3f}",
        "" if tokens is None else str(tokens),
        node.error or "",
    )


@cli.command("prune")
@click.option("--older-than", default="", help="such as 90d or 12h; by default storage.keep")
@click.option("--dry-run", is_flag=True, help="only say how much it would be")
@config_option
@data_option
def prune_(older_than: str, config: Path | None, data: Path | None, *, dry_run: bool) -> None:
    """Delete messages, files and runs that are older than that, also beside a running server."""
    settings = settings_of(config, data)
    seconds = duration(older_than or settings.storage.keep, "--older-than" if older_than else "storage.keep")
    if not seconds:
        raise BadSettings("say what is old: `parlour prune --older-than 90d`, or set storage.keep")
    now, blobs = time.time(), wiring_keeping.open_blobs(settings)

    async def work(storage: wiring.Storage) -> Pruned:
        found = await storage.retention.old(now - seconds, now)
        if dry_run:
            return found
        try:
            with progress(found) as told:
                return await prune(storage.retention, blobs, now - seconds, now, told=told)
        except Problem as problem:
            raise BadSettings(
                f"{problem} What is deleted so far is gone, the rest is as it was. See to it that storage.files and "
                "storage.database can be reached, then run it again."
            ) from problem

    pruned = with_storage(settings, work)
    print_line(f"{'would delete' if dry_run else 'deleted'} {counted(pruned)}")


@contextmanager
def progress(whole: Pruned) -> Generator[Callable[[Pruned], None]]:
    """A bar where a person watches, and nothing elsewhere."""
    shown = 0
    with click.progressbar(
        length=deletions(whole), label="Deleting", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def told(done: Pruned) -> None:
            nonlocal shown
            bar.update(deletions(done) - shown)
            shown = deletions(done)

        yield told


def deletions(pruned: Pruned) -> int:
    return pruned.messages + pruned.uploads + pruned.runs


@cli.command()
def version() -> None:
    """This program's version."""
    print_line(parlour.__version__)


def moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
