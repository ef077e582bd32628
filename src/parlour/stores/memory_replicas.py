"""Serving processes on what is in one's memory: there is one. The ports `Replicas` and `Secrets`; knows no other."""


class MemoryReplicas:
    alone = True

    async def renew(self, seconds: float, *, bury: bool) -> bool:
        del seconds, bury
        return False

    async def others(self) -> bool:
        return False

    async def leave(self) -> None:
        """Nobody is left to whom it would matter."""


class MemorySecrets:
    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    async def kept(self, name: str, fresh: bytes) -> bytes:
        return self._kept.setdefault(name, fresh)
