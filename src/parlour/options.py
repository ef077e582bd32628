"""What all commands share: their options, the settings that come of them, the database, and how they speak."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click
from msgspec import structs

from parlour import wiring
from parlour.settings import Settings, read

Result = TypeVar("Result")

path = click.Path(path_type=Path)
config_option = click.option("--config", type=path, help="parlour.toml; by default the one in this folder")
data_option = click.option("--data", type=path, help="the folder for everything that is kept")


def settings_of(config: Path | None, data: Path | None) -> Settings:
    if config is None and Path("parlour.toml").is_file():
        config = Path("parlour.toml")
    settings = read(config, os.environ)
    return settings if data is None else structs.replace(settings, data=str(data))


def with_storage(settings: Settings, work: Callable[[wiring.Storage], Awaitable[Result]]) -> Result:
    """Do something with the database, beside a server that may be running on it."""

    async def run() -> Result:
        storage = wiring.open_storage(settings, serving=False)
        try:
            return await work(storage)
        finally:
            await storage.close()

    return asyncio.run(run())


def print_line(line: str) -> None:
    print(line, flush=True)  # noqa: T201  a command speaks on stdout


def print_table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        print_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
