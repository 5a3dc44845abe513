#!/usr/bin/env bash
# Reads Vigie with QGIS: installs QGIS for Python if it is missing (apt; some 200 MB), starts a Vigie of its own with the
# demonstration territory unless VIGIE_URL, VIGIE_CLIENT and VIGIE_KEY name one, and leaves what QGIS drew in
# build/qgis.png. Not part of make test.
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3 # the distribution's, for which python3-qgis is built
if ! "$python" -c 'import qgis.core' 2>/dev/null; then
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	echo "qgis: installing python3-qgis"
	"${as_root[@]}" apt-get update -qq || echo "qgis: apt-get update failed, going on with the lists that are there" >&2
	DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends python3-qgis >/dev/null
fi

if [ -z "${VIGIE_URL:-}" ]; then
	VIGIE_DATA=$(mktemp -d -t vigie-qgis-XXXXXX)
	port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	export VIGIE_DATA VIGIE_LISTEN=127.0.0.1:$port DATABASE_URL='' VIGIE_URL=http://127.0.0.1:$port VIGIE_CLIENT=qgis
	bin/vigie up >"$VIGIE_DATA/log" 2>&1 &
	server=$!
	stop() {
		kill "$server" 2>/dev/null && wait "$server" || true
		rm -rf "$VIGIE_DATA"
	}
	trap stop EXIT
	for _ in $(seq 240); do
		curl -fs "$VIGIE_URL/readyz" >/dev/null && break
		kill -0 "$server" 2>/dev/null || { cat "$VIGIE_DATA/log" >&2 && exit 1; }
		sleep 1
	done
	VIGIE_KEY=$(bin/vigie --json client add "$VIGIE_CLIENT" --role commander --expires 1d --why "check with QGIS" |
		"$python" -c 'import json, sys; print(json.load(sys.stdin)["keys"][0]["key"])')
	export VIGIE_KEY
fi

mkdir -p build
"$python" scripts/qgis_check.py build/qgis.png
