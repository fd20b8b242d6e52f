"""What a tree's contracts are held against:
the newest release, else the last commit that is not the tree itself.
"""

import subprocess
from pathlib import Path

import pytest

from tools import contracts


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one commit, in the place of ours."""
    (tmp_path / "openapi").mkdir()
    monkeypatch.setattr(contracts, "ROOT", tmp_path)
    monkeypatch.setattr(contracts, "FOLDER", tmp_path / "openapi")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "first")
    return tmp_path


def git(folder: Path, *command: str) -> None:
    author = (
        "-c",
        "user.name=Tester",
        "-c",
        "user.email=tester@example.com",
        "-c",
        "commit.gpgsign=false",
    )
    subprocess.run(["git", *author, *command], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, text: str) -> None:
    (folder / "openapi" / "notes.json").write_text(f'{{"paths": {{}}, "text": "{text}"}}', "utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", text)


def test_a_clean_tree_is_held_against_the_parent_of_its_commit(checkout: Path) -> None:
    commit(checkout, "second")

    assert contracts.released() == "HEAD^"


def test_a_tree_with_changes_is_held_against_its_commit(checkout: Path) -> None:
    commit(checkout, "second")
    (checkout / "openapi" / "notes.json").write_text('{"paths": {}}', "utf-8")

    assert contracts.released() == "HEAD"


def test_the_first_commit_has_nothing_before_it(checkout: Path) -> None:
    assert contracts.released() == "HEAD"
    assert list(contracts.broken()) == []


def test_a_shallow_clone_has_nothing_before_it_either(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(checkout, "second")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", checkout.as_uri(), str(clone))
    monkeypatch.setattr(contracts, "ROOT", clone)
    monkeypatch.setattr(contracts, "FOLDER", clone / "openapi")

    assert contracts.released() == "HEAD"
    assert list(contracts.broken()) == []


def test_a_release_is_the_base_whatever_came_after_it(checkout: Path) -> None:
    git(checkout, "tag", "v0.9.0")
    commit(checkout, "second")
    git(checkout, "tag", "v0.10.0")
    commit(checkout, "third")

    assert contracts.released() == "v0.10.0"


def test_outside_of_git_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "ROOT", tmp_path)
    monkeypatch.setattr(contracts, "FOLDER", tmp_path)

    assert contracts.released() == "HEAD"
    assert list(contracts.broken()) == []
