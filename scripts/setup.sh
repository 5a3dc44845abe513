#!/usr/bin/env bash
# Installs what is missing on Debian or Ubuntu: `setup.sh run` for building and running, `setup.sh test` for the tests
# as well. Where it cannot install, it says exactly what to install and fails.
set -euo pipefail

purpose=${1:?run or test}
missing=()

have() { command -v "$1" >/dev/null 2>&1; }

fail() {
	echo "setup: $*" >&2
	exit 1
}

# at_least HAVE WANT compares versions.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# Go and Node are the developer's own choice of version, and Debian's are too old.
have go || fail "Go is not installed: install Go 1.26 or newer (https://go.dev/dl), or a package golang-go of that version"
go_version=$(go env GOVERSION)
at_least "${go_version#go}" 1.26 || fail "Go ${go_version#go} is too old: install 1.26 or newer (https://go.dev/dl)"
have node && have npm || fail "Node or npm is not installed: install Node 20.19 or newer with npm (https://nodejs.org)"
node_version=$(node --version)
at_least "${node_version#v}" 20.19 || fail "Node ${node_version#v} is too old: install 20.19 or newer (https://nodejs.org)"

have gcc || missing+=(gcc libc6-dev) # cgo: h3-go, beside which we measure ourselves
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
[ -d /usr/share/zoneinfo/Europe ] || missing+=(tzdata)

# A PostgreSQL with PostGIS: initdb in a known place and the extension's control file of the same version.
postgis=
for bin in /usr/lib/postgresql/*/bin; do
	version=$(basename "$(dirname "$bin")")
	if [ -x "$bin/initdb" ] && [ -e "/usr/share/postgresql/$version/extension/postgis.control" ]; then postgis=$version; fi
done

# Chromium, of whatever name; the browser tests take its path from CHROMIUM.
if [ "$purpose" = test ] && ! have chromium && ! have chromium-browser && ! have google-chrome && [ -z "${CHROMIUM:-}" ]; then
	missing+=(chromium)
fi
# The clients with which the API and the documents are tested, and the recipes of docs/analyst.md.
if [ "$purpose" = test ]; then
	have ogr2ogr && have ogrinfo && have gdalinfo || missing+=(gdal-bin)
	have pdftotext || missing+=(poppler-utils)
	have python3 || missing+=(python3)
	have curl || missing+=(curl)
fi

if [ ${#missing[@]} -eq 0 ] && [ -n "$postgis" ]; then exit 0; fi

wanted="${missing[*]}"
[ -n "$postgis" ] || wanted+=" postgresql with PostGIS"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! have sudo || { ! sudo -n true 2>/dev/null && ! [ -t 0 ]; }; then
		fail "missing: $wanted. As root: apt-get install ${missing[*]}${postgis:- postgresql postgresql-N-postgis-3 (N is the version of postgresql)}"
	fi
	as_root=(sudo)
fi
have apt-get || fail "missing: $wanted. This is no Debian or Ubuntu: install them with this system's own tools"

echo "setup: installing $wanted"
"${as_root[@]}" apt-get update -qq || echo "setup: apt-get update failed, going on with the lists that are there" >&2
if [ -z "$postgis" ]; then
	version=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]\+\)$/\1/p' | head -n 1)
	[ -n "$version" ] || fail "apt knows no package postgresql: enable the main repository and run apt-get update"
	missing+=("postgresql-$version" "postgresql-$version-postgis-3")
	# Vigie runs a private cluster: keep the package from making and starting one of its own.
	if ! [ -e /etc/postgresql-common/createcluster.d/vigie.conf ] && ! [ -e /etc/postgresql ]; then
		"${as_root[@]}" mkdir -p /etc/postgresql-common/createcluster.d
		echo "create_main_cluster = false" | "${as_root[@]}" tee /etc/postgresql-common/createcluster.d/vigie.conf >/dev/null
	fi
fi
if [[ " ${missing[*]} " == *" chromium "* ]] && ! apt-cache show chromium >/dev/null 2>&1; then
	missing=("${missing[@]/#chromium/chromium-browser}") # Ubuntu's name
fi
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	-o Dpkg::Options::=--force-confold "${missing[@]}" >/dev/null ||
	fail "apt-get could not install ${missing[*]}: install them by hand and try again"
