"""A second reader of policies, written from the vendors' pages alone: it has never seen `mdm_policy.kinds`."""
