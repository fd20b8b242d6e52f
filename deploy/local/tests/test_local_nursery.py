"""Forks of the nursery:
true children of who asked, each with its own chance and its own environment.
"""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from guanxi_local.forks import Nursery, reap_orphans
nursery = Nursery({**os.environ, "WHOSE": "nursery"})
nursery.start()
with open(sys.argv[1], "wb") as log:
    def fork(name):
        environment = {**os.environ, "WHOSE": name}
        return nursery.fork("speaker", [name], environment=environment, log=log.fileno())
    forks = [fork(name) for name in "012"]
    codes = [fork.wait(30) for fork in forks]
nursery.stop()
print(codes, os.getpid())
"""
SPEAKER = """
import os, random, sys
from service_kit.words.identity import new_id
drawn = new_id().hex[-18:], random.random()
print(os.environ["WHOSE"], sys.argv[1], os.getppid(), *drawn, __name__, flush=True)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[list[str]]]:
    """What the launcher of three forks said, and what each fork said in its log."""
    folder = tmp_path_factory.mktemp("nursery")
    (folder / "speaker.py").write_text(SPEAKER)
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-c", PROGRAM, str(folder / "log")]
    said = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return said.stdout.strip(), sorted(
        line.split() for line in (folder / "log").read_text().splitlines()
    )


def test_a_fork_is_waited_for_by_its_true_parent(spoken: tuple[str, list[list[str]]]) -> None:
    launcher, forks = spoken

    codes, pid = launcher.rsplit(" ", 1)
    assert codes == "[0, 1, 2]"
    assert {fork[2] for fork in forks} == {pid}


def test_a_fork_has_the_environment_and_the_arguments_it_was_given(
    spoken: tuple[str, list[list[str]]],
) -> None:
    assert [(whose, number, name) for whose, number, _, _, _, name in spoken[1]] == [
        (str(n), str(n), "__main__") for n in range(3)
    ]


def test_no_two_forks_make_the_same_ids_or_draw_the_same_lots(
    spoken: tuple[str, list[list[str]]],
) -> None:
    _, forks = spoken

    assert len({fork[3] for fork in forks}) == len(forks)
    assert len({fork[4] for fork in forks}) == len(forks)


def test_orphans_are_let_go_and_known_children_are_left_to_their_owner() -> None:
    program = (
        "import os, time\n"
        "from guanxi_local.forks import reap_orphans\n"
        "known, orphan = [os.fork() or os._exit(7) for _ in range(2)]\n"
        "time.sleep(0.5); reap_orphans(frozenset({known}))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(known, 0)[1]))"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert said.stdout.strip() == "7"
