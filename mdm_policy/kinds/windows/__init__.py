"""Read Windows' own rules: AppLocker and the settings that carry it."""
