"""Verify a console's export: python verify_export.py EXPORT DEVICES DAY."""

import sys

from mdm_policy import PolicyError, verify_policies

export, devices, day = sys.argv[1:]
try:
    report = verify_policies([export], lists=["us-omb-m-23-13"], devices=devices, as_of=day)
except PolicyError as bad:
    sys.exit("\n".join(f"{one.origin}: {one.message}" for one in bad.findings))
print(report.sentence)
for gap in report.gaps:
    print(f"{gap.device_class}: {', '.join(gap.apps)}: {gap.verdict}, because {gap.because}")
sys.exit(report.exit_code)
