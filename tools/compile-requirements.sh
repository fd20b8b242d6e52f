#!/usr/bin/env bash
# Compiles requirements/*.txt with hashes and without addresses, and brings the node tools' lock file up to date.
set -euo pipefail
python=$1 uv=$2
scratch=$(mktemp -d "${TMPDIR:-/tmp}/guanxi-uv-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
"$python" -m venv "$scratch/venv"
"$scratch/venv/bin/pip" --disable-pip-version-check install --quiet "$uv"
cd "$(dirname "$0")/../requirements"
for kind in runtime dev clients; do
  echo "requirements: $kind.txt"
  "$scratch/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header "$kind.in" --output-file "$kind.txt"
done
if command -v npm > /dev/null; then
  echo "requirements: tools/package-lock.json"
  cd ../tools
  npm install --package-lock-only --no-progress --loglevel=error
  "$python" - <<'PYTHON'
import json, pathlib
# Whom one might fund is an address, and none of those belongs into a lock file.
path = pathlib.Path("package-lock.json")
lock = json.loads(path.read_text())
for package in lock["packages"].values():
    package.pop("funding", None)
    package.pop("resolved", None)
path.write_text(json.dumps(lock, indent=2) + "\n")
PYTHON
fi
