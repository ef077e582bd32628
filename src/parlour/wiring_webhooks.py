"""Where it is chosen who delivers webhooks, and how they are signed, as `wiring.py` chooses the other parts."""

import base64
import binascii
import secrets
import time
from collections.abc import Mapping

from parlour.ports.web import Web
from parlour.ports.webhooks import Webhooks
from parlour.runs.deliveries import Deliveries, Receiver
from parlour.runs.metering import Metering
from parlour.runs.start import Runs
from parlour.settings import AppEntry, BadSettings

PREFIX = "whsec_"
SIZES = range(24, 65)
"""Bytes of a secret, as https://www.standardwebhooks.com has them."""


def open_deliveries(
    entries: Mapping[str, AppEntry], store: Webhooks, web: Web, runs: Runs, metering: Metering | None
) -> Deliveries | None:
    """None where no app has webhooks.

    Raises:
        BadSettings: one has no secret to sign them with.
    """
    receivers = {name: receiver(name, entry) for name, entry in entries.items() if wanted(entry)}
    if not receivers:
        return None
    deliveries = Deliveries(store, web, receivers, time.time, secrets.token_hex(8))
    runs.observers.append(deliveries)
    if metering is not None:
        metering.follow(deliveries)
    return deliveries


def wanted(entry: AppEntry) -> bool:
    return bool(entry.webhook_url or entry.webhook_hosts or entry.webhook_secret)


def receiver(name: str, entry: AppEntry) -> Receiver:
    if entry.webhook_url and not entry.webhook_url.startswith(("http://", "https://")):
        raise BadSettings(f"webhook_url of {name}: must begin with http:// or https://")
    keys = tuple(key_of(one) for one in entry.webhook_secret.split())
    if not keys or None in keys:
        raise BadSettings(
            f"webhook_secret of {name}: is needed for its webhooks. Write {PREFIX} and 24 to 64 bytes as base64:"
            f' printf "{PREFIX}%s" "$(openssl rand -base64 32)"'
        )
    hosts = tuple(host.lower().rstrip(".") for host in entry.webhook_hosts)
    return Receiver(tuple(key for key in keys if key is not None), entry.webhook_url, hosts)


def key_of(text: str) -> bytes | None:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return None
    return key if len(key) in SIZES else None
