"""Read Android Enterprise policies: the Android Management API."""
