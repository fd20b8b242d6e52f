"""What a child process tells of itself."""

from guanxi_local.child import Child


def test_nothing_of_the_callers_own_environment_is_written_down():
    environment = {"GUANXI_PORT": "8001", "CLOUD_TOKEN": "secret", "PATH": "/bin"}

    child = Child(
        "complaints",
        "complaints",
        ["serve"],
        environment=environment,
        log=None,
        url="http://127.0.0.1:8001",
    )

    assert child.facts() == {
        "pid": None,
        "url": "http://127.0.0.1:8001",
        "environment": {"GUANXI_PORT": "8001"},
    }
