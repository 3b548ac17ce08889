"""Print a user's templates in a process of their own, which the system stops when it takes too much.

Jinja's sandbox keeps a template from files, environment, network and Python's insides; it does not keep one from
taking all memory or all time, already while it is compiled. So only the packaged templates are printed in this process.
"""

from __future__ import annotations

from mdm_policy.sandbox.limits import Limits
from mdm_policy.sandbox.parent import SubprocessRunner

__all__ = ["Limits", "SubprocessRunner"]
