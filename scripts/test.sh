#!/usr/bin/env bash
# Everything that must be green, in order, with the time of each part. Nothing is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

count=()
if [ "${CI:-}" = true ]; then count=(-count=1); fi # locally, results of unchanged packages are taken from the cache

# The throw-away database of the tests outlives every test process; end it with the run.
stop_cluster() {
	VIGIE_DATA=${VIGIE_TEST_CLUSTER:-${TMPDIR:-/tmp}/vigie-test-$(id -u)} DATABASE_URL='' bin/vigie db stop >/dev/null 2>&1 || true
}
trap stop_cluster EXIT

part() {
	local name=$1 begun=$SECONDS
	shift
	echo "== $name"
	"$@" || { echo "== $name FAILED after $((SECONDS - begun)) s" >&2 && exit 1; }
	echo "== $name: $((SECONDS - begun)) s"
}

vulnerabilities() {
	if ! curl -fsS --max-time 10 -o /dev/null https://vuln.go.dev/index/db.json 2>/dev/null; then
		echo "the vulnerability database is not reachable from here: govulncheck was NOT run"
		return 0
	fi
	make --no-print-directory .tools/govulncheck-"$GOVULNCHECK"
	.tools/govulncheck-"$GOVULNCHECK" ./...
}

browser() {
	CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
	CHROMIUM=$CHROMIUM VIGIE_BIN=$PWD/bin/vigie npm --prefix frontend run --silent e2e
}

part "format" bash -c 'test -z "$(gofmt -l $(git ls-files "*.go") | tee /dev/stderr)"'
part "golangci-lint" .tools/golangci-lint-"$GOLANGCI" run ./...
part "vulnerabilities" vulnerabilities
part "front end: types" npm --prefix frontend run --silent check
part "front end: format" npm --prefix frontend run --silent format:check
part "front end: unit tests" npm --prefix frontend run --silent test
# The race detector makes the hundred thousand probes five times as slow: they run without it.
part "go test -race" go test -race -timeout 20m "${count[@]}" -skip '^TestProbes$' ./...
part "probes" go test -timeout 20m "${count[@]}" -run '^TestProbes$' ./api
part "browser tests" browser
echo "all green in $SECONDS s"
