"""Read Jamf Pro's objects."""
