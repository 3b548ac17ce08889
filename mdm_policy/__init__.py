"""Turn one ban list into every MDM's configuration, and prove what each file blocks.

The names in `__all__` are the public interface, described in docs/api.md; every other module may change in any release.
They are imported when they are first asked for, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mdm_policy.api import (
        AppVerdict,
        BanList,
        BuildReport,
        BuiltDocument,
        Deployment,
        DiffReport,
        Finding,
        NotProvenError,
        OrderedBy,
        Origin,
        PlannedAction,
        PlannedDestination,
        PlannedEffect,
        PlanReport,
        PolicyError,
        ReportedChange,
        ReportedGap,
        ReportedPlace,
        RequestError,
        VerifyReport,
        build_policies,
        diff_policies,
        load_deployment,
        load_list,
        plan_push,
        verify_policies,
    )

__version__ = "0.1.0"
__all__ = [
    "AppVerdict",
    "BanList",
    "BuildReport",
    "BuiltDocument",
    "Deployment",
    "DiffReport",
    "Finding",
    "NotProvenError",
    "OrderedBy",
    "Origin",
    "PlanReport",
    "PlannedAction",
    "PlannedDestination",
    "PlannedEffect",
    "PolicyError",
    "ReportedChange",
    "ReportedGap",
    "ReportedPlace",
    "RequestError",
    "VerifyReport",
    "build_policies",
    "diff_policies",
    "load_deployment",
    "load_list",
    "plan_push",
    "verify_policies",
]

if not TYPE_CHECKING:  # a checker that saw it would take any misspelt name for one that exists

    def __getattr__(name):  # noqa: ANN001, ANN202 - no checker reads it
        """Import a public name when it is first asked for."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from mdm_policy import api  # noqa: PLC0415 - here is what makes it cheap

        return globals().setdefault(name, getattr(api, name))

    def __dir__():  # noqa: ANN202 - as above
        """List the public names too."""
        return sorted({*globals(), *__all__})
