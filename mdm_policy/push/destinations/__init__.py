"""Hold one module for each kind of destination; none of them knows another."""
