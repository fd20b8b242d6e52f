"""What every test of the repository may use."""

pytest_plugins = ["service_kit.testing.plugin"]
