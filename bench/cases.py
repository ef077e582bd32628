"""What is measured: the cases, and how each server is asked for one.

Knows the two wires (chat completions, and the Service API); knows nothing of processes or of tables.
"""

from typing import Literal

import msgspec
from msgspec import Struct, structs

from bench.apps import App, key_of
from bench.load import Load
from bench.servers import Name


class Case(Struct, frozen=True):
    """One line of work, asked of every server alike."""

    name: str
    clients: int
    tokens: int = 50
    delay_ms: int = 0
    mode: Literal["streaming", "blocking"] = "streaming"
    turns: int = 1
    """Requests of a conversation, the first included."""
    app: App = "chat"
    servers: tuple[Name, ...] = ("direct", "nginx", "parlour")
    beside: str = ""
    """The row before it that it is compared with: the two are measured in turns."""

    @property
    def paced(self) -> bool:
        return self.delay_ms > 0

    @property
    def label(self) -> str:
        pace = f"{self.delay_ms} ms apart" if self.paced else "no delay"
        extra = ", blocking" if self.mode == "blocking" else f", {self.turns} turns" if self.turns > 1 else ""
        if self.app != "chat":
            extra += f", {self.app}"
        if "replicas" in self.servers:
            extra += ", replicas"
        return f"{self.tokens} tokens, {pace}{extra}, {self.clients} client{'s'[: self.clients > 1]}"


CASES = (
    Case("paced-500", 500, tokens=100, delay_ms=20),
    Case("paced-100", 100, tokens=100, delay_ms=20),
    Case("burst-1", 1),
    Case("burst-10", 10),
    Case("burst-50", 50),
    Case("burst-100", 100),
    Case("blocking-10", 10, mode="blocking"),
    Case("continued-10", 10, turns=5),
    Case("history-10", 10, turns=40),
    Case("chatflow-10", 10, app="chatflow"),
    Case("ten-nodes-10", 10, app="ten nodes"),
    Case("unspoken-10", 10, tokens=100, delay_ms=20, servers=("parlour",)),
    Case("spoken-10", 10, tokens=100, delay_ms=20, app="spoken", servers=("parlour",), beside="unspoken-10"),
    Case("replicas-10", 10, servers=("parlour", "postgres", "replicas")),
    Case("replicas-50", 50, servers=("parlour", "postgres", "replicas")),
    Case("replicas-paced", 50, tokens=100, delay_ms=20, servers=("parlour", "postgres", "replicas")),
)
"""`continued` and `history` differ in how long a conversation gets before its client begins a new one. The one with the
most open streams comes first: a process keeps the memory that it once had, and later rows could not tell what is whose.
"""


def asked(case: Case, server: Name, port: int, seconds: float, replicas: tuple[int, ...] = ()) -> Load:
    """Bursts last `seconds`; paced replies are few and long, so two rounds of them are counted instead."""
    query = f"Say something. [[{case.tokens},{case.delay_ms}]]"
    amount = {"rounds": 2, "ramp": 0.5} if case.paced else {"seconds": seconds}
    if server in {"direct", "nginx"}:
        return relayed(case, port, query, amount)
    return structs.replace(served(case, port, query, amount), replicas=replicas)


def last_event(case: Case) -> str:
    if case.mode == "blocking":
        return "message"
    ends: dict[App, str] = {"chat": "message_end", "spoken": "tts_message_end"}
    return ends.get(case.app, "workflow_finished")


def relayed(case: Case, port: int, query: str, amount: dict[str, float]) -> Load:
    body = {
        "model": "mock",
        "messages": [{"role": "system", "content": "You are a terse assistant."}, {"role": "user", "content": query}],
        "stream": True,
    }
    return msgspec.convert(
        {
            "port": port,
            "path": "/v1/chat/completions",
            "body": msgspec.json.encode(body).decode(),
            "expect": "data: [DONE]",
            "token": '"content":" ',
            "clients": case.clients,
            **amount,
        },
        Load,
    )


def served(case: Case, port: int, query: str, amount: dict[str, float]) -> Load:
    body: dict[str, object] = {
        "inputs": {},
        "query": query,
        "user": "{user}",
        "conversation_id": "{conversation}",
        "response_mode": case.mode,
        "auto_generate_name": False,
    }
    return msgspec.convert(
        {
            "port": port,
            "path": "/v1/chat-messages",
            "body": msgspec.json.encode(body).decode(),
            "expect": f'"event":"{last_event(case)}"',
            "token": '"answer":" ',
            "clients": case.clients,
            "turns": case.turns,
            "headers": {"Authorization": f"Bearer {key_of(case.app)}"},
            **amount,
        },
        Load,
    )
