"""What only this server could have written: addresses of files that open without a key, for a short time (contract
5.7), and marks on other words of its own. Knows no file, only its id.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import urlencode

from parlour.domain.ids import Clock

VALID_SECONDS = 300
Kind = Literal["file-preview", "tools", "document"]
_WHOLE = re.compile(r"[0-9]{1,12}")


def nonce() -> str:
    return secrets.token_hex(16)


class Signer:
    """Makes such addresses, and knows its own again."""

    def __init__(self, secret: bytes, now: Clock, nonce: Callable[[], str] = nonce) -> None:
        self._secret = secret
        self._now = now
        self._nonce = nonce

    def address(self, base: str, upload_id: str) -> str:
        """An address below `base` (`https://host`), valid from now on."""
        return f"{base.rstrip('/')}/files/{upload_id}/file-preview?{self._query('file-preview', upload_id)}"

    def made_address(self, base: str, upload_id: str, extension: str) -> str:
        """The same of a file that a tool or a node has made; `extension` may be empty, or anything."""
        end = "".join(letter for letter in extension if letter.isascii() and letter.isalnum())[:10] or "bin"
        return f"{base.rstrip('/')}/files/tools/{upload_id}.{end}?{self._query('tools', upload_id)}"

    def document_query(self, name: str) -> str:
        """What makes an address of the file of a document valid, from now on; `name` says which."""
        return self._query("document", name)

    def accepts(self, upload_id: str, query: Mapping[str, str], kind: Kind = "file-preview") -> bool:
        """Whether these are the parameters of an address of ours that is still valid."""
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not _WHOLE.fullmatch(timestamp):
            return False
        expected = self._sign(kind, upload_id, timestamp, nonce)
        if not hmac.compare_digest(expected.encode(), query.get("sign", "").encode()):
            return False
        return abs(self._now() - int(timestamp)) <= VALID_SECONDS  # a clock that was set back makes none valid for long

    def _query(self, kind: Kind, upload_id: str) -> str:
        timestamp, nonce = str(int(self._now())), self._nonce()
        sign = self._sign(kind, upload_id, timestamp, nonce)
        return urlencode({"timestamp": timestamp, "nonce": nonce, "sign": sign})

    def mark(self, said: str) -> str:
        """The mark of these words: who does not know the secret cannot make it. Begin them with what they are for."""
        return base64.urlsafe_b64encode(hmac.new(self._secret, said.encode(), hashlib.sha256).digest()).decode()

    def _sign(self, kind: Kind, upload_id: str, timestamp: str, nonce: str) -> str:
        return self.mark(f"{kind}|{upload_id}|{timestamp}|{nonce}")
