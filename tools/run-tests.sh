#!/usr/bin/env bash
# Runs pytest over everything, in parallel, and leaves nothing behind: what hypothesis and temporary folders hold goes with them.
set -euo pipefail
scratch=$(mktemp -d "${TMPDIR:-/tmp}/guanxi-tests-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
# The account that PostgreSQL runs under when we are root must pass through.
chmod 755 "$scratch"
mkdir "$scratch/tmp"
chmod 755 "$scratch/tmp"
export HYPOTHESIS_STORAGE_DIRECTORY="$scratch/hypothesis" TMPDIR="$scratch/tmp"
.venv/bin/python -m pytest --numprocesses auto --quiet "$@"
