"""Say of each element of Windows' own rules what it has to do with apps."""

from __future__ import annotations

from mdm_policy.kinds.keys import Keys, roles

APPLOCKER = Keys(roles("name", ("@Id", "@Name", "@Description")), rest="carried")
