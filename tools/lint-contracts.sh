#!/usr/bin/env bash
# Holds openapi/ against the rules for contracts, with the node tools of tools/package.json; skipped where there is no node.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v npm > /dev/null; then
  echo "contracts: SKIPPED spectral, redocly and openapi-typescript: node and npm are not installed here"
  exit 0
fi
stamp=node_modules/.guanxi-stamp
if ! cmp --quiet package-lock.json "$stamp"; then
  echo "contracts: installing the node tools of tools/package-lock.json (once; about a minute)"
  npm ci --no-progress --loglevel=error > .npm-output 2>&1 || { cat .npm-output; rm -f .npm-output; exit 1; }
  rm -f .npm-output
  cp package-lock.json "$stamp"
fi
scratch=$(mktemp -d "${TMPDIR:-/tmp}/guanxi-contracts-XXXXXX")
trap 'rm -rf "$scratch"' EXIT

echo "contracts: spectral with the OWASP rules"
node_modules/.bin/spectral lint --quiet --ruleset spectral-services.yaml ../openapi/[!p]*.json
node_modules/.bin/spectral lint --quiet --ruleset spectral-public.yaml ../openapi/public.json

echo "contracts: redocly lint"
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
  node_modules/.bin/redocly lint --config redocly.yaml ../openapi/*.json > "$scratch/redocly" 2>&1 || { cat "$scratch/redocly"; exit 1; }

echo "contracts: openapi-typescript, tsc --strict"
for contract in ../openapi/*.json; do
  node_modules/.bin/openapi-typescript "$contract" --output "$scratch/$(basename "$contract" .json).ts" > "$scratch/typescript" 2>&1 ||
    { cat "$scratch/typescript"; exit 1; }
done
node_modules/.bin/tsc --strict --noEmit --skipLibCheck false --target es2022 --module nodenext "$scratch"/*.ts
