"""`python -m service_kit.testing.frozen <package>`: adds the fingerprints of new migrations to the
package's list of published ones.

What stands in `migrations/fingerprints.json` is frozen: the command never changes an entry, and a
test compares each with its file.
"""

import importlib
import json
import sys
from pathlib import Path

from service_kit.store.fingerprints import fingerprints

LIST = "fingerprints.json"


def published(migrations: Path) -> dict[str, str]:
    """The list that is committed beside the migrations."""
    path = migrations / LIST
    found: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def publish(migrations: Path) -> list[str]:
    """Add what the list lacks, and say what that was."""
    listed, known = published(migrations), fingerprints(str(migrations))
    fresh = [revision for revision in known if revision not in listed]
    kept = {
        revision: listed.get(revision, known.get(revision, ""))
        for revision in sorted({*listed, *known})
    }
    (migrations / LIST).write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    return fresh


def migrations_of(package: str) -> Path:
    module = importlib.import_module(package)
    return Path(getattr(module, "MIGRATIONS", Path(str(module.__file__)).parent / "migrations"))


if __name__ == "__main__":
    for package in sys.argv[1:]:
        print(f"{package}: {', '.join(publish(migrations_of(package))) or 'nothing new'}")
