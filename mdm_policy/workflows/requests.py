"""Say that a request itself lacks something, which no file could mend."""

from __future__ import annotations

from mdm_policy.errors import PolicyError, error


class RequestError(PolicyError):
    """Refuse a request that says too little or contradicts itself; on a command line that is a matter of usage."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        """Say what is missing, or what does not go together."""
        super().__init__([error("request-incomplete", message, None, "say it in the request")])
        self.message = message
