"""`Idempotency-Key`: which requests are one request, sent again (ours). Does not know what a request asks for."""

import hashlib
import json
import re
from collections.abc import Mapping

from parlour.domain.claim import Repeat
from parlour.domain.problems import InvalidParam

HEADER = "idempotency-key"

_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def parse(headers: Mapping[str, str], body: Mapping[str, object]) -> Repeat | None:
    """What makes the request the same as another one; None where the client does not say. `headers` in lower case.

    Bodies are the same if they are so as JSON: neither spaces nor the order of members count.

    Raises:
        InvalidParam: the key is empty, too long, or has characters that cannot be printed.
    """
    key = headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidParam(
            "Idempotency-Key: must have 1 to 255 printable ASCII characters, such as a UUID.", params="Idempotency-Key"
        )
    return Repeat(key, hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest())
