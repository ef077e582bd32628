"""The compatibility report of a file. Does not know how it is printed."""

from parlour.dsl.findings import Finding, Refused
from parlour.dsl.load import load


def report(source: str, name: str) -> tuple[Finding, ...]:
    """Every part of a file, supported, approximated or refused, by line. Never raises."""
    try:
        return load(source, name=name).findings
    except Refused as refused:
        return refused.findings
