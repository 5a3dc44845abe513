#!/usr/bin/env bash
# Runs one of OGC's executable test suites against this program: run.sh features|tiles|processes
#
# The suite is a Java program from Maven Central, or the file named by VIGIE_ETS. It tests a server that this script
# starts on a data folder of its own with demonstration data, through a loopback proxy that adds a client's key. The
# figures are printed last; the exit code is 0 only if nothing failed, and 3 where the suite cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."

suite=${1:?features, tiles or processes}
case $suite in
	features) artifact=ets-ogcapi-features10 version=1.9 ;;
	tiles) artifact=ets-ogcapi-tiles10 version=1.2 ;;
	processes) artifact=ets-ogcapi-processes10 version=1.3 ;;
	*) echo "run.sh: $suite is no suite: features, tiles or processes" >&2 && exit 2 ;;
esac
work=$(mktemp -d)
server='' proxy=''
finish() {
	[ -z "$proxy" ] || kill "$proxy" 2>/dev/null || true
	[ -z "$server" ] || { kill -INT "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
	rm -rf "$work"
}
trap finish EXIT

jar=${VIGIE_ETS:-}
if [ -z "$jar" ]; then
	command -v java >/dev/null && command -v mvn >/dev/null || { echo "run.sh: Java 17 and Maven are needed: apt-get install openjdk-17-jre-headless maven" >&2; exit 3; }
	jar=$work/$artifact-$version-aio.jar
	if ! mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -DoutputDirectory="$work" \
		-Dartifact="org.opengis.cite:$artifact:$version:jar:aio" >"$work/mvn.log" 2>&1; then
		echo "run.sh: org.opengis.cite:$artifact:$version:aio cannot be had from the Maven repository in use;" >&2
		echo "run.sh: set VIGIE_ETS to the file, or run what stands for it: go test -v ./bench/conformance" >&2
		exit 3
	fi
fi

go build -o "$work/vigie" ./cmd/vigie
go build -o "$work/proxy" ./bench/conformance/proxy
export VIGIE_DATA=$work/data DATABASE_URL=''
port=$((20000 + RANDOM % 20000))
"$work/vigie" up --listen "127.0.0.1:$port" --scale "${VIGIE_SCALE:-0.05}" >"$work/up.log" 2>&1 &
server=$!
for _ in $(seq 300); do
	if curl -fsS -o /dev/null "http://127.0.0.1:$port/readyz" 2>/dev/null; then break; fi
	kill -0 "$server" 2>/dev/null || { cat "$work/up.log" >&2; exit 1; }
	sleep 1
done
VIGIE_KEY=$("$work/vigie" --json client add suite --role commander --role analyst --area '*' | sed -n 's/.*"key": *"\(vigie_[^"]*\)".*/\1/p' | head -n 1)
export VIGIE_KEY
[ -n "$VIGIE_KEY" ] || { echo "run.sh: no key was made" >&2; exit 1; }
"$work/proxy" -listen "127.0.0.1:$((port + 1))" -to "http://127.0.0.1:$port" &
proxy=$!
sleep 1

cat >"$work/props.xml" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">
<properties version="1.0">
  <entry key="iut">http://127.0.0.1:$((port + 1))/ogc</entry>
  <entry key="tilematrixsetdefinitionuri">http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad</entry>
  <entry key="urltemplatefortiles">http://127.0.0.1:$((port + 1))/ogc/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}</entry>
  <entry key="tilematrix">8</entry>
  <entry key="mintilerow">90</entry>
  <entry key="maxtilerow">90</entry>
  <entry key="mintilecol">123</entry>
  <entry key="maxtilecol">123</entry>
  <entry key="noofcollections">-1</entry>
  <entry key="echoprocessid">echo</entry>
  <entry key="processtestlimit">5</entry>
</properties>
XML
java -jar "$jar" -o "$work/out" "$work/props.xml" >"$work/suite.log" 2>&1 || { tail -n 40 "$work/suite.log" >&2; exit 1; }
results=$(find "$work/out" -name testng-results.xml | head -n 1)
[ -n "$results" ] || { tail -n 40 "$work/suite.log" >&2; exit 1; }
cp "$results" "bench/conformance/$suite-results.xml"
figure() { sed -n "s/.*<testng-results[^>]*[ ]$1=\"\([0-9]*\)\".*/\1/p" "$results" | head -n 1; }
echo "$artifact $version: passed $(figure passed), failed $(figure failed), skipped $(figure skipped); see bench/conformance/$suite-results.xml"
[ "$(figure failed)" = 0 ]
