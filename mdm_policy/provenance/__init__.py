"""Hold a build against its own manifest and, where its inputs are at hand, against itself rendered again.

A manifest is taken for what anybody may have written: no name in it is followed before it is judged. Hashes show what
was changed by accident or by somebody who left the manifest alone; only rendering again, or a signature, says more.
"""

from __future__ import annotations

from mdm_policy.provenance.checking import Checked, FileState, check_files, check_inputs
from mdm_policy.provenance.folder import FoundFiles, look
from mdm_policy.provenance.record import RecordedBuild, read_record
from mdm_policy.provenance.rerendering import Rerendering, compare
from mdm_policy.provenance.statement import statement

__all__ = [
    "Checked",
    "FileState",
    "FoundFiles",
    "RecordedBuild",
    "Rerendering",
    "check_files",
    "check_inputs",
    "compare",
    "look",
    "read_record",
    "statement",
]
