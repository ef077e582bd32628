"""Serving processes on what is in one's memory: there is one. The port `Replicas`; does not know any other."""


class MemoryReplicas:
    async def renew(self, seconds: float, *, bury: bool) -> bool:
        del seconds, bury
        return False

    async def leave(self) -> None:
        """Nobody is left to whom it would matter."""
