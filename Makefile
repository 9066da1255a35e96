# Two commands: `make run` does the main job, `make test` runs every check. Both install what is missing, and say so first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: docs pictures help run test setup setup-test setup-package fmt clippy unit doc deny smoke package package-check bench exhaustive snapshots clean

export CARGO_TERM_COLOR ?= auto

help:
	@echo "make run      install what is missing, build, open the window (without a display: the headless rehearsal)"
	@echo "make test     install the test servers and run every check"
	@echo "make exhaustive  break a copy at every step of every kind of server (half an hour on 2 cores)"
	@echo "make package  build a .deb, an .rpm and a .tar.gz into target/package"
	@echo "make docs     write the guide as pages for a browser into target/docs"
	@echo "make bench    measure what an audit costs, copy 5,000 messages beside mbsync, and write the figures down"

run: setup
	@scripts/run.sh

test: setup-test fmt clippy unit doc deny smoke
	@echo "every check passed"

setup:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh run test

fmt:
	cargo fmt --all --check

clippy:
	cargo clippy --locked --all-targets --no-default-features -- -D warnings
	cargo clippy --locked --all-targets -- -D warnings
	# As it is shipped, without the feature `testing`.
	cargo clippy --locked -- -D warnings

unit: export MAILFERRY_REQUIRE_SERVERS = 1
# Most tests wait for servers, so one more at a time than there are cores on a small machine.
unit: export RUST_TEST_THREADS ?= 3
unit:
	cargo test --locked --no-default-features --no-run
	@log=$$(mktemp); status=0; \
	cargo test --locked --no-default-features --no-fail-fast $(addprefix --test ,$(waiting_tests)) > "$$log" 2>&1 & beside=$$!; \
	cargo test --locked --no-default-features --no-fail-fast --lib --bins $(addprefix --test ,$(other_tests)) || status=1; \
	wait $$beside || status=1; cat "$$log"; rm -f "$$log"; exit $$status
	cargo test --locked --no-default-features --doc
	cargo test --locked --no-fail-fast --lib --bins $(gui_tests)
	cargo test --locked --test cli contract::

# Wait for servers more than they compute, so they run beside the others; both halves take about as long.
waiting_tests = copy hostile_copy stale_ledger
other_tests = $(filter-out $(waiting_tests) ui,$(patsubst tests/%/main.rs,%,$(wildcard tests/*/main.rs)))

# What the window can change. The copy between real servers, and what `architecture` reads, are the same with and without it,
# and run once.
gui_tests = --test engine --test ui

doc: export RUSTDOCFLAGS = -D warnings
doc:
	cargo doc --locked --no-deps

deny:
	@scripts/deny.sh

smoke:
	@scripts/smoke.sh
	@scripts/desks.sh

package: setup-package
	@scripts/package.sh

setup-package:
	@scripts/setup.sh run package

# What lint programs say, and whether the packages work in a fresh Debian root of its own; as root.
package-check: setup-package
	@scripts/check-workflows.sh
	@scripts/check-package.sh

bench: setup-test
	@benches/compare/run.sh

# Every case of the tests that take a part of theirs by default, and random ones that no run has drawn before:
# `MAILFERRY_SEED=… make exhaustive` draws those of an earlier run.
exhaustive: export MAILFERRY_EXHAUSTIVE = 1
exhaustive: export MAILFERRY_REQUIRE_SERVERS = 1
exhaustive: setup-test
	@export MAILFERRY_SEED=$${MAILFERRY_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}; \
	echo "MAILFERRY_SEED=$$MAILFERRY_SEED"; \
	cargo test --locked --no-default-features --no-fail-fast --lib --test exhaustive --test folder_growth --test hostile_copy -- --nocapture

# The guide, as pages for a browser: target/docs/index.html.
docs:
	@mdbook=$$(scripts/tool.sh mdbook 0.5.4 --no-default-features); "$$mdbook" build docs

# The pictures of the guide, drawn by the program; to be looked at before they are committed.
pictures:
	cargo run --locked --example page_pictures -- target/pictures
	@for pair in 02-audit-light=audit-light 06-verdict-light=verdict-light 07-destination-light=destination-light \
		08-mailboxes-light=mailboxes-light 10-copy-light=copy-light 10-copy-dark=copy-dark 11-records-light=records-light \
		12-switch-light=switch-light; do \
		cp "target/pictures/$${pair%=*}.png" "docs/src/pictures/$${pair#*=}.png"; done

# The pictures that the window is compared with; to be looked at before they are committed.
snapshots: export UPDATE_SNAPSHOTS = 1
snapshots:
	cargo test --locked --test ui pictures::

clean:
	cargo clean
