"""Turn one ban list into every MDM's configuration, and prove what each file blocks."""

__version__ = "0.1.0"
