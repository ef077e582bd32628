"""What the operator says: `parlour.toml`, then the environment. Read once, at the start; handed on as values.

Every key may also come from the environment as `PARLOUR_<SECTION>_<KEY>` (`PARLOUR_SERVER_PORT`,
`PARLOUR_PROVIDERS_OPENAI_API_KEY`); a value `env:NAME` is read from the variable NAME.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, cast
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Meta, Struct

FROM_ENVIRONMENT = frozenset({"server", "storage", "limits", "code", "knowledge", "telemetry", "voice", "web"})
"""Sections whose keys the environment may set."""
LISTS = frozenset({"embed_in", "allow", "keys"})
PLAIN_HEADERS = frozenset({"accept", "accept-language", "content-type", "user-agent"})
SECRET = re.compile(r"key|token|secret|pass|auth|credential", re.IGNORECASE)
SHORTEST_SECRET = 6


class BadSettings(Exception):
    """The configuration cannot be used; the message names the key and the cure."""


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    public_url: str = ""
    """Where clients find this server (`https://ai.example.com`), if not at its host and port."""
    embed_in: tuple[str, ...] = ()
    """Sites whose pages may show ours within theirs: `https://www.example.com`, `https://*.example.com`."""
    wire_profile: Literal["documented", "upstream"] = "documented"
    max_body: Annotated[int, Meta(ge=1)] = 8 * 1024 * 1024
    """Bytes of a JSON body."""
    lenient: bool = False
    """Whether forms, and bodies of another kind than they say, are read all the same."""
    strict_forms: bool = False
    """Whether a required text of an app's form must not be empty."""
    agent_blocking: bool = False
    """Whether agents answer in the blocking mode, too."""
    grace_seconds: Annotated[float, Meta(ge=0)] = 30
    """How long live streams may go on after SIGTERM before they are saved and ended."""
    run_seconds: Annotated[float, Meta(gt=0)] = 1200
    """How long one answer may take."""
    kept_seconds: Annotated[float, Meta(ge=0)] = 600
    """How long the events of a run can be read again once it has ended."""
    kept_bytes: Annotated[int, Meta(ge=0)] = 4 * 1024 * 1024
    """How much memory the events of ended runs may take together; the oldest go first."""
    ping_seconds: Annotated[float, Meta(gt=0)] = 10
    max_active: Annotated[int, Meta(ge=0)] = 0
    """How many answers one app may be giving at a time; 0 is no limit."""
    operator: bool = False
    """Whether an operator's key opens the runs and conversations of all apps: the page `/runs`, and `/v1/admin`."""
    watch: bool = True
    """Whether a changed app file becomes the app's next version."""


class Storage(Struct, frozen=True, forbid_unknown_fields=True):
    database: str = ""
    """`sqlite:///path`, or `memory:`; by default a file in the data folder."""
    files: str = ""
    """`file:///folder`, `s3://bucket/prefix`, or `memory:`; by default a folder in the data folder."""
    bus: str = ""
    """`redis://host:port/number`, by which several processes reach each other; by default this one is alone."""
    keep: str = ""
    """How long messages, files and runs are kept, such as `90d`; empty is for ever."""
    record: Literal["none", "meta", "full"] = "meta"
    """How much is kept of the nodes of flows: nothing, how they went, or their inputs and outputs as well."""


class Telemetry(Struct, frozen=True, forbid_unknown_fields=True):
    """What the server tells its operator."""

    metrics: Literal["admin", "open", "off"] = "admin"
    """Who may read `/metrics`: who has an operator's key, everybody, or nobody."""
    traces: str = ""
    """The address of an OpenTelemetry collector (`http://collector:4318`) that is told what runs did."""
    texts: bool = False
    """Whether traces tell what was asked and answered."""
    logs: Literal["text", "json"] = "text"
    """How the log is written."""
    runs: bool = False
    """Whether the log has a line for each run that has ended."""


class Web(Struct, frozen=True, forbid_unknown_fields=True):
    allow: tuple[str, ...] = ()
    """Hosts and networks inside that apps may reach: `wiki.corp`, `*.corp`, `10.0.0.0/8`."""


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    rate_per_key: str = ""
    """How many answers one key may ask for in how long, such as `60/min`; empty is no limit."""
    rate_per_user: str = ""
    """The same for one user of one app."""


class Code(Struct, frozen=True, forbid_unknown_fields=True):
    """What the code of apps may take, and where it runs."""

    seconds: Annotated[float, Meta(gt=0)] = 15
    memory: Annotated[int, Meta(ge=16)] = 256
    """Megabytes of one run."""
    parallel: Annotated[int, Meta(ge=1)] = 8
    """Runs at work together; more wait."""
    packages: str = ""
    """A folder of libraries for Python (`pip install --target`), to be read by all code."""
    endpoint: str = ""
    """The address of a sandbox service, to be used in place of this machine's own."""
    api_key: str = ""
    max_string_length: Annotated[int, Meta(ge=1)] = 400_000
    """Characters of a text that code puts out; this and what follows as `CODE_MAX_STRING_LENGTH` and its like."""
    max_string_array_length: Annotated[int, Meta(ge=1)] = 30
    max_object_array_length: Annotated[int, Meta(ge=1)] = 30
    max_number_array_length: Annotated[int, Meta(ge=1)] = 1000
    max_depth: Annotated[int, Meta(ge=1, le=100)] = 5
    max_precision: Annotated[int, Meta(ge=0)] = 20
    min_number: int = -(2**63)
    max_number: int = 2**63 - 1


class AppEntry(Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    id: str = ""
    keys: tuple[str, ...] = ()
    max_active: Annotated[int, Meta(ge=0)] = 0
    """As `server.max_active`, for this app; the smaller limit holds."""
    allow: tuple[str, ...] = ()
    """More than `web.allow`, for this app."""
    rate_per_key: str = ""
    """In place of `limits.rate_per_key`, for this app."""
    rate_per_user: str = ""
    """In place of `limits.rate_per_user`, for this app."""
    allow_partial: bool = False
    """Whether it is served even if some of its nodes are not: a run that gets to one of them fails."""
    record: Literal["", "none", "meta", "full"] = ""
    """In place of `storage.record`, for this app."""
    page: bool = True
    """Whether it has a page, where apps have one."""
    durable: bool = False
    """Of a graph: whether a run that the end of the server cuts off goes on from the last node that has ended."""
    webhook_url: str = ""
    """Where the ends of runs are told that nobody waits for."""
    webhook_hosts: tuple[str, ...] = ()
    """Which hosts a request may have them told to: `hooks.corp`, `*.corp`, `*`."""
    webhook_secret: str = ""
    """What webhooks are signed with: `whsec_…`; several, with spaces between, while one takes another's place."""


class Provider(Struct, frozen=True, forbid_unknown_fields=True):
    kind: Literal["openai_compatible", "anthropic", "scripted", "local"]
    base_url: str = ""
    api_key: str | None = None
    """None for a server that wants none. `env:NAME` without NAME is a missing key, told to who calls the app."""
    path: str = ""
    """A GGUF file for `local`, a JSON script for `scripted`."""
    models: dict[str, str] = {}
    """Other names for models: what the app says = what the provider is asked for."""
    tools: bool | None = None
    """Whether its models ask for tools in their own way; if not, they are told of them in plain text. By default all
    do, but those of `local` with a path."""
    context: int | None = None
    """How many tokens its models take, where that is not known by their names."""


class ToolPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the tools of a provider are, or a single one."""

    kind: Literal["builtin", "openapi", "mcp", "python"] = "builtin"
    """`builtin`: one of ours, and what it needs to get in where it goes."""
    entry: str = ""
    """`python`: `module:name` of an installed package, or the name of an entry point of the group `parlour.tools`."""
    base_url: str = ""
    """`builtin`: another place than its usual one."""
    api_key: str = ""
    model: str = ""
    """`builtin`: for tools that ask one."""
    app: str = ""
    """A workflow that this server serves, by its name; no kind is needed."""
    spec: str = ""
    """`openapi`: the document, as a file or an address."""
    url: str = ""
    """`mcp`: the server's address; `openapi`: in place of the address that the document names."""
    headers: dict[str, str] = {}
    """Sent with every request; keys among them."""
    command: tuple[str, ...] = ()
    """`mcp`, in place of an address: what to start, and speak to over its pipes."""
    environment: dict[str, str] = {}
    """Variables of that command."""
    tool: str = ""
    """The tool's name there, if it is not the one that apps use."""
    seconds: Annotated[float, Meta(gt=0)] | None = None
    """How long one use may take; by default a minute, or as long as the built-in tool takes."""


class Knowledge(Struct, frozen=True, forbid_unknown_fields=True):
    """Datasets: who may change them, and which models compare their texts."""

    keys: tuple[str, ...] = ()
    """Keys of the tenant `default`."""
    tenants: dict[str, tuple[str, ...]] = {}
    """Keys of other tenants, by their name."""
    embedding: str = ""
    """`provider/model` for datasets that name none; by default the built-in model, where it is installed."""
    reranker: str = ""
    """`provider/model` where a rerank model is wanted and none is named."""
    questions: str = ""
    """`provider/model` that makes questions with answers of documents that are to be kept as such, and have none."""


class Voice(Struct, frozen=True, forbid_unknown_fields=True):
    """Who reads answers aloud, and who writes recordings down: `provider/model`; by default the built-in ones."""

    speech: str = ""
    transcription: str = ""


class Extension(Struct, frozen=True, forbid_unknown_fields=True):
    """A service of the operator's that apps ask by name (`api_based_extension_id`)."""

    url: str
    api_key: str = ""


class DatasetEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands for a dataset that the files of apps name: one of this house, or knowledge of somebody else's."""

    name: str = ""
    """Of the dataset here; with `external`, what it is called where it is cited."""
    tenant: str = "default"
    external: str = ""
    """The address of the external knowledge; it is asked at `…/retrieval`."""
    api_key: str = ""
    knowledge_id: str = ""
    """What it is called there; by default the id in the file."""
    top_k: Annotated[int, Meta(ge=1)] = 4
    score_threshold: Annotated[float, Meta(ge=0, le=1)] | None = None
    """How many passages are wanted, and how good they must be, where the app does not say."""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    data: str = "./data"
    pages: bool | None = None
    """Whether apps have a page for browsers, which need no key; by default where only this machine can reach them."""
    server: Server = Server()
    storage: Storage = Storage()
    telemetry: Telemetry = Telemetry()
    web: Web = Web()
    limits: Limits = Limits()
    code: Code = Code()
    knowledge: Knowledge = Knowledge()
    apps: tuple[AppEntry, ...] = ()
    providers: dict[str, Provider] = {}
    voice: Voice = Voice()
    extensions: dict[str, Extension] = {}
    """By the id that apps have for them; `default` answers for every other."""
    datasets: dict[str, DatasetEntry] = {}
    """By the id that the files of apps name."""
    tools: dict[str, ToolPlace] = {}
    """By the name of their provider, or as `provider/name`."""


def read(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of that file (none: the defaults), with the environment over them.

    Paths in the file are taken from the file's folder.

    Raises:
        BadSettings: no such file, no TOML, an unknown key, a wrong type, or `env:NAME` without NAME.
    """
    try:
        text = path.read_text("utf-8") if path is not None else ""
        tree = tomllib.loads(text)
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read ({error.strerror}). Give --config another file.") from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: is not UTF-8 ({error.reason} at byte {error.start}). Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path}: {error}") from error
    for name, value in environment.items():
        if name.startswith("PARLOUR_"):
            place(tree, name.removeprefix("PARLOUR_").lower(), value)
    try:
        settings = msgspec.convert(resolve(tree, environment), Settings, strict=False)
    except msgspec.ValidationError as error:
        raise BadSettings(f"{path or 'the environment'}: {error}") from error
    return rooted(settings, path.parent if path is not None else Path())


def place(tree: dict[str, object], name: str, value: str) -> None:
    """Set `section_key` in the tree; `providers_<name>_<key>` goes one deeper."""
    section, _, key = name.partition("_")
    if section in {"data", "pages"} and not key:
        tree[section] = value
    elif section in FROM_ENVIRONMENT and key:
        table(tree, section)[key] = value.split(",") if key in LISTS else value
    elif section == "providers" and key:
        for field in Provider.__struct_fields__:
            provider = key.removesuffix(f"_{field}")
            if provider != key:
                table(table(tree, "providers"), provider)[field] = value


def table(tree: dict[str, object], name: str) -> dict[str, object]:
    """The table of that name, made if it is not there. What the file has instead of one stays, to be refused."""
    found = tree.setdefault(name, {})
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def resolve(value: object, environment: Mapping[str, str], *, lenient: bool = False) -> object:
    """The same tree with each `env:NAME` read; lenient, one that is missing is empty."""
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return {key: resolve(item, environment, lenient=key == "api_key") for key, item in items}
    if isinstance(value, list):
        return [resolve(item, environment, lenient=lenient) for item in cast("list[object]", value)]
    if isinstance(value, str) and value.startswith("env:"):
        name = value.removeprefix("env:")
        if name not in environment and not lenient:
            raise BadSettings(f"`{value}`: the environment has no {name}. Set it, or write the value itself.")
        return environment.get(name, "").strip()  # a key from a file often brings its newline
    return value


def rooted(settings: Settings, folder: Path) -> Settings:
    """The settings with paths of apps, providers, tools and libraries taken from the configuration's folder."""
    apps = tuple(msgspec.structs.replace(app, path=str(folder / app.path)) for app in settings.apps)
    providers = {
        name: msgspec.structs.replace(provider, path=str(folder / provider.path) if provider.path else "")
        for name, provider in settings.providers.items()
    }
    code = settings.code
    if code.packages:
        code = msgspec.structs.replace(code, packages=str((folder / code.packages).absolute()))
    tools = {
        name: msgspec.structs.replace(said, spec=str(folder / said.spec))
        if said.spec and not is_address(said.spec)
        else said
        for name, said in settings.tools.items()
    }
    return msgspec.structs.replace(settings, apps=apps, providers=providers, code=code, tools=tools)


def is_address(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def secrets_of(said: ToolPlace) -> tuple[str, ...]:
    """What of an entry nobody is to be told: keys in headers, in variables, and in an address."""
    found = [said.api_key]
    for address in (urlsplit(said.url), urlsplit(said.base_url)):
        found += [address.password or "", *(value for _, value in parse_qsl(address.query))]
    for name, value in said.headers.items():
        if name.lower() not in PLAIN_HEADERS:
            found += [value, value.rpartition(" ")[2]]
    found += [value for name, value in said.environment.items() if SECRET.search(name)]
    return tuple(sorted({value for value in found if len(value) >= SHORTEST_SECRET}, key=len, reverse=True))
