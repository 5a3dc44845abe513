# make run    installs what is missing, builds, starts everything on this machine
# make test   installs what is missing, lint, all tests
# make build  bin/vigie, with the front end inside
# make lint   the linters alone
# make bless  writes the golden files anew: look at the difference before you commit it
# make conformance  runs OGC's test suites, where they can be had (Java, Maven), against a server of its own
# make qgis   reads a demonstration with QGIS, which it installs (about 200 MB)
# make bench  measures beside the peers, on a small number of events; vigie bench --help for more

.PHONY: run build test lint bless qgis bench conformance clean setup-run setup-test tools
.DELETE_ON_ERROR:

export GOLANGCI := v2.15.0
export GOVULNCHECK := v1.9.0
export GOFLAGS += -buildvcs=$(if $(shell git rev-parse --verify -q HEAD 2>/dev/null),true,false)
EVENTS ?= 200000
FRONT := frontend/dist/index.html
MODULES := frontend/node_modules/.package-lock.json

run: setup-run build
	VIGIE_DATA="$${VIGIE_DATA:-$(CURDIR)/.vigie}" exec bin/vigie up

build: $(FRONT)
	go build -o bin/vigie ./cmd/vigie

setup-run:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test

$(MODULES): frontend/package.json frontend/package-lock.json
	npm --prefix frontend ci --no-audit --no-fund --loglevel=error
	@touch $@

$(FRONT): $(MODULES) $(shell find frontend/src frontend/public frontend/build frontend/index.html frontend/*.ts frontend/*.js -type f 2>/dev/null)
	npm --prefix frontend run --silent build
	@touch frontend/dist/.keep $@

tools: .tools/golangci-lint-$(GOLANGCI)

.tools/golangci-lint-$(GOLANGCI):
	GOFLAGS= GOBIN=$(CURDIR)/.tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@mv .tools/golangci-lint $@

.tools/govulncheck-$(GOVULNCHECK):
	GOFLAGS= GOBIN=$(CURDIR)/.tools go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK)
	@mv .tools/govulncheck $@

lint: $(MODULES) $(FRONT) tools
	.tools/golangci-lint-$(GOLANGCI) run ./...
	npm --prefix frontend run --silent check
	npm --prefix frontend run --silent format:check

test: setup-test tools build
	@scripts/test.sh

bless: setup-test build
	VIGIE_BLESS=1 go test -count=1 ./...
	CHROMIUM="$${CHROMIUM:-$$(command -v chromium || command -v chromium-browser || command -v google-chrome)}" \
		VIGIE_BIN=$(CURDIR)/bin/vigie npm --prefix frontend run --silent bless

qgis: setup-run build
	@scripts/qgis.sh

bench: setup-run build
	@for what in cells cube tiles ingest fresh; do echo "== $$what" && bin/vigie bench $$what --events $(EVENTS) || exit 1; done

conformance: setup-run $(FRONT)
	@for suite in features tiles processes; do bench/conformance/run.sh $$suite || exit $$?; done

clean:
	rm -rf bin frontend/node_modules .tools
	find frontend/dist -mindepth 1 ! -name .keep -delete
