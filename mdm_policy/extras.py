"""Say how to install what only some commands need."""

from __future__ import annotations


def install_hint(extra: str) -> str:
    """Say how an optional part is installed, from what the program itself was installed from.

    No package index carries the program: whoever registered its name at one could run code beside a tenant's secret. So
    no hint names it without a file that a person has.
    """
    return f"in the checkout run: pip install '.[{extra}]'; or with the wheel file: pip install 'FILE.whl[{extra}]'"
