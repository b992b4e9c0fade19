# Two commands for everybody: `make demo` and `make test`. Two more for those who build Seawall: `make bench`, `make soak`.
# Each installs or starts what it needs (as root, by apt-get) or says what is missing.

CARGO ?= cargo

.PHONY: demo test bench soak lint setup-test setup-bench

## Starts a small legacy system and the facade in front of it, and prints what to try. Ctrl-C ends it.
demo:
	@tests/setup.sh build demo
	$(CARGO) build --quiet --package gateway --package adapters-sql-odbc --package tests
	@exec target/debug/seawall-demo

## Runs the whole suite.
test: setup-test
	$(CARGO) test --workspace

## Runs the long forms: full counts of kills, races and mutations.
soak: setup-test
	SEAWALL_LONG=1 $(CARGO) test --workspace --release -- --nocapture

## Compares CPU time per request with nginx forwarding the same messages, in one run.
bench:
	@tests/setup.sh build bench
	$(CARGO) build --quiet --release --package gateway --package adapters-sql-odbc --package tests
	@exec target/release/seawall-bench

## Formatting and lints, as CI runs them.
lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

setup-test:
	@tests/setup.sh build test
