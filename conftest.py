"""What every test of the repository may use."""

from contextlib import suppress

with suppress(ImportError):
    # The gateway's folder and package have one name. Imported first, the package keeps it; else pytest takes the folder for it.
    import gateway  # noqa: F401

pytest_plugins = ["service_kit.testing.plugin"]
