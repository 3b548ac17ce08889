"""Make deployments and device classes, and check what only several values together can show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from mdm_policy.identifiers import quoted
from mdm_policy.loading.bans import IDENTIFIER_KEYS
from mdm_policy.model import AcceptedFinding, AcceptedGap, Adoption, Deployment, DeviceClass, Identifier, SigningPlan
from mdm_policy.vocabulary import APPLE_PLATFORMS, DEFAULT_DUTIES, MDMS, OTHER_MDM, Duty, Platform

if TYPE_CHECKING:
    from mdm_policy.errors import Origin
    from mdm_policy.loading.leaves import TableCell
    from mdm_policy.loading.report import LoadReport
    from mdm_policy.loading.shapes import Group
    from mdm_policy.model import DestinationSpec

_PATH = re.compile(r"[/\\]|\.(?:ya?ml|[ct]sv|xlsx?)\Z", re.IGNORECASE)


def make_device(report: LoadReport, group: Group) -> DeviceClass:
    """Make a device class; a statement that says nothing about its platform is a misunderstanding, so it is reported."""
    platform: Platform | None = group.get("platform")
    if platform is not None:
        _check_keys(report, group, platform)
    _check_enrollment(report, group)
    if not warn_of_mdm(report, group):
        _warn_of_unknown_mdm(report, group)
    return DeviceClass(
        group.text("name"),
        platform or "ios",
        group.origin,
        group.get("os") or (),
        group.get("supervised"),
        group.get("enrollment"),
        group.get("mode"),
        group.get("managed_by"),
        group.texts("groups"),
        group.texts("origins"),
        group.get("user_affinity"),
    )


def warn_of_mdm(report: LoadReport, group: Group) -> bool:
    """Warn of an MDM that looks like one whose documents the program knows, and tell whether it does."""
    mdm = group.text("managed_by")
    near = bool(mdm) and mdm not in MDMS and report.guess(mdm, MDMS).startswith("did")
    if near:
        said = f"{quoted(mdm)} is not an MDM whose documents this program knows, but looks like one"
        hint = f"{report.guess(mdm, MDMS)} `{OTHER_MDM}` is any MDM without a word of its own"
        report.warning("mdm-near-miss", said, group.at("managed_by"), hint)
    return near


def _warn_of_unknown_mdm(report: LoadReport, group: Group) -> None:
    """Warn of an MDM without a word of its own: what is made for another one by name would not count for it."""
    mdm = group.text("managed_by")
    if mdm and mdm not in MDMS:
        said = f"{quoted(mdm)} is not an MDM that this program makes documents for by name"
        known = ", ".join(f"`{word}`" for word in MDMS[:-1])
        hint = f"write `{OTHER_MDM}`, which is any MDM or EMM besides {known}"
        report.warning("mdm-unknown", said, group.at("managed_by"), hint)


def _check_keys(report: LoadReport, group: Group, platform: Platform) -> None:
    foreign: tuple[str, ...]
    if platform in APPLE_PLATFORMS:
        foreign, hint = ("mode",), "Apple devices have `supervised` and `enrollment`"
    elif platform == "android":
        foreign, hint = (
            ("supervised", "enrollment"),
            "Android devices have a `mode`: fully-managed, dedicated, cope or byod",
        )
    else:
        foreign, hint = ("supervised", "enrollment", "mode"), f"remove it: nothing on {platform} depends on it"
    for key in foreign:
        if key in group.cells:
            report.error("device-key-foreign", f"`{key}` says nothing about {platform}", group.at(key), hint)


def _check_enrollment(report: LoadReport, group: Group) -> None:
    enrollment, supervised = group.get("enrollment"), group.get("supervised")
    if enrollment == "user" and supervised:
        said = "no device under User Enrollment is supervised"
        report.error("enrollment-contradicted", said, group.at("supervised"), "write `supervised: false`")
    elif enrollment == "automated" and supervised is False:
        # Apple, Deploy devices: Automated Device Enrollment supervises always since iOS 13 and macOS 11.
        said = "Automated Device Enrollment supervises every device since iOS 13 and macOS 11"
        report.warning("enrollment-contradicted", said, group.at("supervised"), "write `supervised: true`")


def make_devices(report: LoadReport, group: Group) -> tuple[DeviceClass, ...]:
    """Make the device classes of a file; their names have to differ."""
    devices = tuple(group.many("devices"))
    seen: dict[str, Origin] = {}
    for device in devices:
        first = seen.setdefault(device.name.casefold(), device.origin)
        if first is not device.origin and device.name:
            said = f"the device class {quoted(device.name)} is defined already, on line {first.line}"
            report.error("duplicate-device-class", said, device.origin, "give each class a name of its own")
    return devices


def make_adoption(_report: LoadReport, group: Group) -> Adoption:
    """Make the decision to enforce a list; which list is the key it stands under."""
    duties: tuple[Duty, ...] = tuple(cell.value for cell in group.many("duties")) or DEFAULT_DUTIES
    return Adoption("", group.text("by"), group.text("since"), duties, group.origin)


def make_gap(_report: LoadReport, group: Group) -> AcceptedGap:
    """Make an accepted gap."""
    return AcceptedGap(
        group.text("app"),
        group.text("device"),
        group.text("reason"),
        group.text("approved_by"),
        group.text("document"),
        group.text("until"),
        group.origin,
    )


def make_accepted_finding(_report: LoadReport, group: Group) -> AcceptedFinding:
    """Make an accepted finding."""
    return AcceptedFinding(
        group.text("id"),
        group.text("reason"),
        group.text("approved_by"),
        group.text("until"),
        group.origin,
        group.text("target"),
        group.text("document"),
    )


def make_protected(_report: LoadReport, group: Group) -> tuple[Identifier, ...]:
    """Make the identifiers of the organization's own agents, which no list may block."""
    return tuple(one for key in IDENTIFIER_KEYS for one in group.many(key))


def make_signing(_report: LoadReport, group: Group) -> SigningPlan:
    """Make the plan by which profiles are signed."""
    chain = tuple(cell.value for cell in group.many("chain"))
    targets = tuple((cell.value, cell.origin) for cell in group.many("targets"))
    named = targets if "targets" in group.cells else None
    return SigningPlan(group.origin, group.text("key"), group.text("cert"), chain, named)


def make_deployment(report: LoadReport, group: Group) -> Deployment:
    """Make the deployment; its digest is filled in by whoever has the bytes."""
    devices = make_devices(report, group)
    lists = tuple((cell.value, cell.origin) for cell in group.many("lists"))
    adopt = tuple(_named(cell, adoption) for cell, adoption in group.many("adopt"))
    gaps = tuple(gap for gap in group.many("accepted_gaps") if gap is not None)
    if "lists" in group.cells:
        _check_adopted(report, [name for name, _ in lists], [cell for cell, _ in group.many("adopt")])
    _check_gaps(report, gaps, devices)
    targets: list[TableCell] = group.many("targets")
    for cell in targets:
        if cell.value == "all":
            report.error(
                "targets-all",
                "`all` is not the name of a target",
                cell.origin,
                "write `targets: all`, without brackets",
            )
    organization: Group | None = group.get("organization")
    return Deployment(
        organization.text("name") if organization else "",
        organization.text("identifier") if organization else "",
        lists,
        group.origin,
        "",
        adopt,
        devices,
        gaps,
        tuple(one for one in group.many("accepted_findings") if one is not None),
        _targets(group, targets),
        _options(group.many("options")),
        group.get("protected") or (),
        tuple(_called(cell, destination) for cell, destination in group.many("destinations")),
        group.get("signing"),
        tuple((cell.value, cell.origin) for cell in group.many("overlays")),
        (group.text("catalogue"), group.at("catalogue")) if group.get("catalogue") else None,
        group.get("removal") or "offer",
    )


def _targets(group: Group, cells: list[TableCell]) -> tuple[tuple[str, Origin], ...] | Literal["all"] | None:
    if "targets" not in group.cells:
        return None
    return "all" if group.cells["targets"] is None else tuple((cell.value, cell.origin) for cell in cells)


def _called(cell: TableCell, destination: DestinationSpec) -> DestinationSpec:
    return msgspec.structs.replace(destination, name=cell.value, origin=cell.origin)


def _named(cell: TableCell, adoption: Adoption) -> Adoption:
    return Adoption(cell.value, adoption.by, adoption.since, adoption.duties, cell.origin)


def _options(pairs: list[Any]) -> dict[str, dict[str, Any]]:
    return {target.value: {name.value: value.value for name, value in options} for target, options in pairs}


def _check_adopted(report: LoadReport, lists: list[str], adopted: list[TableCell]) -> None:
    """Refuse to adopt a list that does not apply; the id of a list given by path is known only when it is read."""
    if any(_PATH.search(one) for one in lists):
        return
    for cell in adopted:
        if cell.value not in lists:
            said = f"{quoted(cell.value)} is adopted, but is not among the `lists`"
            hint = f"add it to `lists`; otherwise {report.guess(cell.value, lists)}" if lists else "add it to `lists`"
            report.error("adopted-not-listed", said, cell.origin, hint)


def _check_gaps(report: LoadReport, gaps: tuple[AcceptedGap, ...], devices: tuple[DeviceClass, ...]) -> None:
    names = [device.name for device in devices if device.name]
    for gap in gaps:
        if gap.device and gap.device not in names:
            said = f"the accepted gap names the device class {quoted(gap.device)}, which is not declared"
            hint = report.guess(gap.device, names) if names else "declare it under `devices`"
            report.error("gap-device-unknown", said, gap.origin, hint)
