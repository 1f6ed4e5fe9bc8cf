"""RolloutReports: what the operator remembers of a workload, and what people read of it."""

import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kubernetes.aio.client.api_client import ApiClient
from pydantic import ValidationError

from rollout_reporter.core import names
from rollout_reporter.core.entry import Acknowledged, Entry, Refusal, Shortfall
from rollout_reporter.core.ledger import Ledger
from rollout_reporter.core.report import Environment, Pipeline
from rollout_reporter.core.workload import WorkloadRef

from .api import Object, create, delete, get, list_pages, path_to, replace
from .errors import ClusterError, ConflictError, NotFoundError, TerminatingError
from .resources import (
    AcknowledgedModel,
    ConditionModel,
    EnvironmentModel,
    JiraDeployment,
    PipelineModel,
    RefusalModel,
    RolloutReportSpec,
    RolloutReportStatus,
    ShortfallModel,
    WorkloadReference,
)

log = logging.getLogger(__name__)

PLURAL: Final = "rolloutreports"
_MAX_NAME: Final = 253
_MAX_MESSAGE: Final = 2048


class ForeignReportError(ClusterError):
    """Another installation reports this workload."""

    def __init__(self, ref: WorkloadRef, owner: str) -> None:
        super().__init__(f"{ref} is reported by the installation in namespace {owner}")
        self.owner = owner
        """The Namespace of that installation."""


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A RolloutReport as the API server holds it."""

    ledger: Ledger
    conditions: tuple[ConditionModel, ...]
    resource_version: str
    installation: str | None
    """Namespace of the operator that reports the workload."""

    def is_of(self, installation: str) -> bool:
        """Whether it belongs to an installation; one that names none is anybody's."""
        return self.installation in {None, installation}


def report_name(ref: WorkloadRef) -> str:
    """`<kind>-<name>`, with a hash in place of what is too long."""
    name = f"{ref.kind.lower()}-{ref.name}"
    if len(name) <= _MAX_NAME:
        return name
    return f"{name[: _MAX_NAME - 17]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


async def load_reports(api: ApiClient, namespace: str = "") -> AsyncIterator[StoredReport]:
    """All RolloutReports of a Namespace, or of the cluster, whoever they belong to."""
    async for body in list_pages(api, path_to(names.API_VERSION, PLURAL, namespace)):
        yield _stored(body)


async def list_reports(api: ApiClient, namespace: str = "") -> AsyncIterator[tuple[str, str]]:
    """Namespace and name of each RolloutReport that there is, whoever it belongs to."""
    async for body in list_pages(api, path_to(names.API_VERSION, PLURAL, namespace), metadata_only=True):
        yield body["metadata"]["namespace"], body["metadata"]["name"]


async def claim_report(api: ApiClient, ref: WorkloadRef, installation: str) -> StoredReport:
    """Make the RolloutReport of a workload ours, or take over the one of an earlier workload of its name.

    Raises:
        ForeignReportError: It belongs to another installation.
        ConflictError: Somebody else has written it meanwhile.
        TerminatingError: There is none, and none can be created: its Namespace is being deleted.
    """
    path = path_to(names.API_VERSION, PLURAL, ref.namespace)
    wanted = _body(ref, installation)
    try:
        return _stored(await create(api, path, wanted))
    except ConflictError:
        found = await get(api, f"{path}/{report_name(ref)}")
    except TerminatingError as error:  # which is said whether there is one or not
        try:
            found = await get(api, f"{path}/{report_name(ref)}")
        except NotFoundError:
            raise error from None
    stored = _stored(found)
    if stored.installation and not stored.is_of(installation):
        raise ForeignReportError(ref, stored.installation)
    if found["spec"] == wanted["spec"]:
        return stored
    return _stored(await replace(api, f"{path}/{report_name(ref)}", found | {"spec": wanted["spec"]}))


async def store_report(
    api: ApiClient, ledger: Ledger, conditions: Sequence[ConditionModel], before: StoredReport
) -> StoredReport:
    """Write what a RolloutReport says, fenced by the version that the caller knows.

    Args:
        api: The client.
        ledger: What to remember.
        conditions: What people read.
        before: The report that this replaces.

    Raises:
        ConflictError: Somebody else has written it.
    """
    ref = ledger.ref
    status = _status(ledger, conditions).model_dump(mode="json", by_alias=True, exclude_none=True)
    body = _body(ref, before.installation) | {"status": status}
    body["metadata"]["resourceVersion"] = before.resource_version
    path = path_to(names.API_VERSION, PLURAL, ref.namespace, report_name(ref), "status")
    stored = _stored(await replace(api, path, body))
    # A CRD of an earlier version leaves out what it does not know: to write it again would not help.
    return StoredReport(ledger, stored.conditions, stored.resource_version, stored.installation)


async def remove_report(api: ApiClient, ref: WorkloadRef) -> None:
    """Remove a RolloutReport whose workload is gone and closed."""
    try:
        await delete(api, path_to(names.API_VERSION, PLURAL, ref.namespace, report_name(ref)))
    except NotFoundError:
        return  # somebody was faster


async def load_report(api: ApiClient, ref: WorkloadRef) -> StoredReport | None:
    """The RolloutReport of a workload."""
    try:
        return _stored(await get(api, path_to(names.API_VERSION, PLURAL, ref.namespace, report_name(ref))))
    except NotFoundError:
        return None


def _body(ref: WorkloadRef, installation: str | None) -> Object:
    workload = WorkloadReference(kind=ref.kind, name=ref.name, uid=ref.uid)
    spec = RolloutReportSpec(workload=workload, installation=installation)
    return {
        "apiVersion": names.API_VERSION,
        "kind": "RolloutReport",
        "metadata": {"name": report_name(ref), "namespace": ref.namespace},
        "spec": spec.model_dump(mode="json", by_alias=True, exclude_none=True),
    }


def _stored(body: Object) -> StoredReport:
    spec = RolloutReportSpec.model_validate(body["spec"])
    status = _readable_status(body)
    meta, workload = body["metadata"], spec.workload
    ref = WorkloadRef(meta["namespace"], workload.kind, workload.name, workload.uid)
    newest_first = [*([status.current] if status.current else []), *status.history]
    entries = tuple(to_entry(each) for each in reversed(newest_first))
    ledger = Ledger(ref, entries)
    return StoredReport(ledger, tuple(status.conditions), meta["resourceVersion"], spec.installation)


def _readable_status(body: Object) -> RolloutReportStatus:
    """Take a status that does not fit (edited by hand, or of another version) for none: it is made anew."""
    try:
        return RolloutReportStatus.model_validate(body.get("status") or {})
    except ValidationError as error:
        meta = body["metadata"]
        log.warning(
            "RolloutReport %s/%s: its status cannot be read and is made anew: %s",
            meta["namespace"],
            meta["name"],
            error.errors(include_url=False, include_input=False),
        )
        return RolloutReportStatus()


def _status(ledger: Ledger, conditions: Sequence[ConditionModel]) -> RolloutReportStatus:
    newest_first = [from_entry(entry) for entry in reversed(ledger.entries)]
    current = ledger.current
    return RolloutReportStatus(
        workload=str(ledger.ref),
        issues=", ".join(current.issue_keys) if current else None,
        current=newest_first[0] if newest_first else None,
        history=newest_first[1:],
        conditions=list(conditions),
    )


def from_entry(entry: Entry) -> JiraDeployment:
    """An entry as people see it."""
    acknowledged, refusal, shortfall = entry.acknowledged, entry.refusal, entry.shortfall
    return JiraDeployment(
        workload_uid=entry.workload_uid,
        site=entry.site,
        pipeline=PipelineModel(id=entry.pipeline.id, name=entry.pipeline.name),
        environment=EnvironmentModel(
            id=entry.environment.id, name=entry.environment.name, type=entry.environment.type
        ),
        deployment_sequence_number=entry.number,
        rollout_id=entry.rollout_id,
        revision=entry.revision,
        replica_set=entry.replica_set,
        replica_set_created=entry.replica_set_created,
        template=entry.template,
        release=entry.release,
        replaces=entry.replaces,
        began=entry.began,
        paused_since=entry.paused_since,
        paused_seconds=entry.paused_for.total_seconds(),
        was_idle=entry.was_idle,
        state=entry.state,
        because=entry.because,
        since=entry.since,
        issue_keys=list(entry.issue_keys),
        noted_keys=list(entry.noted_keys),
        service_ids=list(entry.service_ids),
        display_name=entry.display_name,
        description=entry.description,
        url=entry.url,
        label=entry.label,
        left_out=entry.left_out,
        hints=list(entry.hints),
        acknowledged=acknowledged
        and AcknowledgedModel(
            state=acknowledged.state,
            content=acknowledged.content,
            essence=acknowledged.essence,
            update_sequence_number=acknowledged.update_number,
            at=acknowledged.at,
            unknown_issue_keys=list(acknowledged.unknown_keys),
        ),
        refused=refusal
        and RefusalModel(
            content=refusal.content,
            message=refusal.message[:_MAX_MESSAGE],
            unknown_issue_keys=list(refusal.unknown_keys),
            at=refusal.at,
        ),
        shortfall=shortfall and ShortfallModel(since=shortfall.since, essence=shortfall.essence),
        uncertain=entry.may_have_been_taken,
    )


def to_entry(model: JiraDeployment) -> Entry:
    """An entry as the core knows it."""
    acknowledged, refused, environment = model.acknowledged, model.refused, model.environment
    return Entry(
        workload_uid=model.workload_uid,
        site=model.site,
        pipeline=Pipeline(model.pipeline.id, model.pipeline.name),
        environment=Environment(environment.id, environment.name, environment.type),
        number=model.deployment_sequence_number,
        rollout_id=model.rollout_id,
        revision=model.revision,
        replica_set=model.replica_set,
        replica_set_created=model.replica_set_created,
        template=model.template,
        release=model.release,
        replaces=model.replaces,
        began=model.began,
        paused_since=model.paused_since,
        paused_for=timedelta(seconds=model.paused_seconds),
        was_idle=model.was_idle,
        state=model.state,
        because=model.because,
        since=model.since,
        issue_keys=tuple(model.issue_keys),
        noted_keys=tuple(model.noted_keys),
        service_ids=tuple(model.service_ids),
        display_name=model.display_name,
        description=model.description,
        url=model.url,
        label=model.label,
        left_out=model.left_out,
        hints=tuple(model.hints),
        acknowledged=_acknowledged(acknowledged) if acknowledged else None,
        refusal=_refusal(refused) if refused else None,
        shortfall=_shortfall(model.shortfall) if model.shortfall else None,
        is_uncertain=model.uncertain,
    )


def _acknowledged(model: AcknowledgedModel) -> Acknowledged:
    return Acknowledged(
        model.state,
        model.content,
        model.essence,
        model.update_sequence_number,
        model.at,
        tuple(model.unknown_issue_keys),
    )


def _shortfall(model: ShortfallModel) -> Shortfall:
    return Shortfall(model.since, model.essence)


def _refusal(model: RefusalModel) -> Refusal:
    return Refusal(model.content, model.message, tuple(model.unknown_issue_keys), model.at)
