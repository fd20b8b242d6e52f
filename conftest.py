"""What every test of the repository may use."""

from contextlib import suppress

with suppress(ImportError):
    # The gateway's folder and package have one name. Imported first, the package keeps it; else
    # pytest takes the folder for it.
    import gateway  # noqa: F401

with suppress(ImportError):
    from hypothesis import settings

    # A gate asks the same each time, and no test asserts a time. For new questions:
    # --hypothesis-profile=default.
    settings.register_profile("gates", derandomize=True, deadline=None)
    settings.load_profile("gates")

pytest_plugins = ["service_kit.testing.plugin"]
