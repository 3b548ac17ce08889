"""Read Microsoft Intune's objects."""
