"""Who a tenant is on the wire: the account that all that it has was made by. Does not know its keys.

There are no accounts here; clients want the id of one wherever something was made or changed.
"""

from uuid import UUID, uuid5

_TENANTS = UUID("9d0f3c52-7a4e-5c1b-8e0a-4b6d2f9c1e77")
"""The namespace of these ids: the same tenant has the same one everywhere."""


def account(tenant: str) -> str:
    return str(uuid5(_TENANTS, tenant))
