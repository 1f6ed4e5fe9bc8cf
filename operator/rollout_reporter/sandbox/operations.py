"""The operations of the Jira side, as faults and the journal name them."""

from enum import StrEnum


class Operation(StrEnum):
    """One thing that can be asked of Jira."""

    TENANT_INFO = "tenant_info"
    TOKEN = "token"  # noqa: S105 (the name of an operation)
    BULK = "bulk"
    GET = "get"
    DELETE = "delete"
    DELETE_BY_PROPERTY = "delete_by_property"
    GATING_STATUS = "gating_status"
