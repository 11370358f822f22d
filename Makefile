# What people do with this repository. `make run` and `make test` need Rust, a C compiler and Python 3;
# Postgres and nats-server are found or fetched.

DATA ?= ./tidings-data
ROUNDS ?= 30
EVENTS ?= 200000
FOR ?= 60
CLIENTS ?= 200
DEVICES ?= 3
MINUTES ?= 5
SOAK_ROUNDS ?= 500
SOAK_EVENTS ?= 2000000

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
DEBUG := $(TARGET)/debug
QUICK := $(TARGET)/quick
RELEASE := $(TARGET)/release
DEPLOY := $(TARGET)/deploy

.PHONY: run demo build dist test fmt lint licences inventory simulate servers test-clients client-soak scroll harness bench compare-sends faults failover nats-cluster nats-full power-loss live-soak gapless corpora known-items bench-search bench-live bench-log bench-limits bench-past bench-projection bench-reads bench-retries bench-scheduled bench-seals bench-stock-postgres bench-word-lists bench-files bench-flood-rules words blue-green as-of desk-day push-soak fuzz soak

# Builds the program quickly, starts it in the foreground and prints its address and a token that works.
# If the port is taken: TIDINGS_LISTEN=127.0.0.1:9090 make run DATA=./other-data
run:
	cargo build --profile quick --locked --package tidings
	$(QUICK)/tidings up --data $(DATA) --print-token demo

# A small company in a directory of its own, and both pages to look at it.
demo:
	cargo build --profile quick --locked --package tidings
	$(QUICK)/tidings demo $(ARGS)

# The program as it is deployed and measured: optimised, which takes longer to build.
build:
	cargo build --profile deploy --locked --package tidings

# A release archive: the stripped program, licence texts, completions, manual pages, settings.
dist:
	.ci/dist

# Every test. Those that need servers get private ones, in a directory that is removed again. Tests
# wait for servers some of the time, so three run on two cores. The last ones use what was built as
# other people's programs do.
test: export RUST_TEST_THREADS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2)))
test:
	cargo test --workspace --locked --no-run
	@data=$$(.ci/test-directory) && trap 'rm -rf "$$data"' EXIT && trap 'exit 130' INT TERM && \
	TMPDIR="$$data" TIDINGS_BIN=$(DEBUG)/tidings $(DEBUG)/tidings servers run --data "$$data/servers" -- sh -c '\
	TIDINGS_TEST_DATABASE_URL="$$DATABASE_URL" TIDINGS_TEST_NATS_URL="$$NATS_URL" \
	env -u DATABASE_URL -u NATS_URL cargo test --workspace --lib --bins --tests --locked --no-fail-fast'
	$(MAKE) --no-print-directory test-clients

# Generated clients, a page in Chromium, validators, psql and readers of exports, with the debug build.
# Only some of the steps: make test-clients ARGS="psql export".
test-clients:
	@data=$$(.ci/test-directory) && trap 'rm -rf "$$data"' EXIT && trap 'exit 130' INT TERM && \
	TMPDIR="$$data" TIDINGS_BIN=$(DEBUG)/tidings python3 tests/clients/run.py $(ARGS)

# Through all of 100,000 messages and 10,000 conversations, of which `make test-clients` takes a part.
scroll:
	SCROLLED=100000 TIDINGS_BIN=$(or $(TIDINGS_BIN),$(DEBUG)/tidings) python3 tests/clients/run.py "web chat: scrolling"

# The TypeScript client with many users while the system, the network and the devices fail: at the end,
# each client holds what the API says. make client-soak CLIENTS=20 MINUTES=1 ARGS="--seed 7"; with
# ARGS="--plant double-apply" a bug is planted, and must be found.
client-soak: CLIENTS := $(if $(filter file,$(origin CLIENTS)),100,$(CLIENTS))
client-soak:
	TIDINGS_BIN=$(or $(TIDINGS_BIN),$(DEBUG)/tidings) python3 tests/clients/client_soak.py --clients $(CLIENTS) --minutes $(MINUTES) $(ARGS)

fmt:
	cargo fmt --all

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

# The licence of every dependency is on a list, and the crates that must not be here are not.
licences:
	python3 .ci/licences.py

# docs/inventory.md: every table, subject, file, metric and setting, found in the sources.
inventory:
	cargo run --quiet --locked --package house-rules -- inventory > docs/inventory.md.new
	mv docs/inventory.md.new docs/inventory.md

# Tidings in cells at the field's numbers, in a simulation: docs/scale.md. make simulate ARGS="--seed 2"
simulate:
	python3 docs/scale/simulate.py $(ARGS)

# Fetches the pinned servers ahead of time.
servers:
	cargo build --profile quick --locked --package tidings
	$(QUICK)/tidings servers fetch

# The program as it is deployed, and the benchmarks. The runs below take minutes to hours and are no part of `make test`.
harness: build
	cargo build --release --locked --package benches

# Throughput and latency of sends, compared with stock postgres-es and a bare HTTP route.
bench: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches send $(ARGS)

# The sends of two programs in turns, with the precision of their ratio: BEFORE= and AFTER=, paths of
# programs; ARGS="--traces 0.01" traces a share of the requests of the second.
compare-sends: AFTER ?= $(DEPLOY)/tidings
compare-sends: harness
	$(RELEASE)/benches compare-sends --before $(BEFORE) --after $(AFTER) $(ARGS)

# Median send on a Postgres as initdb makes it, compared with the private one: at most 3 times.
bench-stock-postgres: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches stock-postgres $(ARGS)

# 10,000 scheduled messages that are due in the same second: the last is sent within 5 s.
bench-scheduled: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches scheduled $(ARGS)

# What 100,000 listed words cost a send, how soon they count, and false positives:
# make bench-word-lists FILES="a.jsonl.gz". The list is made of pinned packages, with Node.js; set
# WORDS to a file of other words.
bench-word-lists: WORDS = target/words/words.txt
bench-word-lists: harness
	test "$(WORDS)" != target/words/words.txt || $(MAKE) words
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches word-lists --words $(WORDS) $(FILES)

words:
	mkdir -p target/words
	cp benches/words/* target/words
	cd target/words && npm ci --silent --ignore-scripts && node words.mjs > words.txt

# The memory and the throughput of 20 uploads of 100 MiB at once, beside a plain route that writes.
bench-files: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches files $(ARGS)

# How many sends a second the flood rules keep up with.
bench-flood-rules: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches flood-rules $(ARGS)

# Kills every process at random moments under load. SEED= repeats a run.
faults: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches faults --rounds $(ROUNDS)

# Kills the Postgres primary under load and promotes its standby. ARGS=--sync, --quorum, --vanish;
# ARGS=--restore restores an earlier copy instead, ARGS=--split-brain cuts the primary off together
# with a command service. SEED= repeats a run.
failover: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches failover --rounds $(ROUNDS) $(ARGS)

# Kills each node of a NATS cluster under load, ROUNDS times, and loses one with its disk.
# ARGS="--replicas 1": the stream is lost too. SEED= repeats a run.
nats-cluster: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches nats-cluster --rounds $(ROUNDS) $(ARGS)

# Fills the disk of an embedded nats-server and empties it. Needs root, to mount a small file system.
nats-full: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches nats-full

# Cuts the power of a machine under load: its disk loses what was not synced. Needs root and /dev/fuse.
# ARGS="--plant unsynced-log": the run must find that the log was not synced. SEED= repeats a run.
power-loss: ROUNDS = 50
power-loss: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches power-loss --rounds $(ROUNDS) $(ARGS)

# Live delivery to many devices while processes are killed: CLIENTS=, DEVICES=, MINUTES=. SEED= repeats a run.
# ARGS=--together: one of the two query APIs is a process with all services.
live-soak: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches live-soak --clients $(CLIENTS) --devices $(DEVICES) --minutes $(MINUTES) $(ARGS)

# The gapless order with many events and several writers.
gapless: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches gapless --events $(EVENTS)

# Imports chat logs and compares what the services return with a model: make corpora FILES="a.jsonl.gz b.jsonl".
corpora: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches corpora $(FILES)

# Whether search finds messages by fragments of their texts: make known-items FILES="a.jsonl.gz b.jsonl".
known-items: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches known-items $(FILES)

# Search, compared with the full text search of Postgres, with 10,000 to a million messages: make bench-search FILES="a.jsonl.gz".
bench-search: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches search $(ARGS) $(FILES)

# Live delivery: delay, deliveries per second, 10,000 idle WebSockets, a large group.
bench-live: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches live $(ARGS)

# Export, rebuild, replay and verification of a log of a million messages, compared with Postgres and the broker alone.
bench-log: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches log $(ARGS)

# What clients that read nothing and floods of typing notifications cost.
bench-limits: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches client-limits $(ARGS)

# Queries of each kind, compared with a bare route, and a load of ten queries for each send:
# make bench-reads ARGS="--only sync-idle,mixed".
bench-reads: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches reads $(ARGS)

# Queries of the past, compared with the same queries now.
bench-past: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches as-of $(ARGS)

# The projector alone, with the time of each SQL statement.
bench-projection: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches projection $(ARGS)

# What retries of earlier sends cost, as after an outage: make bench-retries ARGS="--keys 1000000".
bench-retries: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches retries $(ARGS)

# What sealing costs sends.
bench-seals: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches seals $(ARGS)

# A rebuild under a thousand sends per second, killed in the middle: no failed query, equal digests, a short swap.
blue-green: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches blue-green $(ARGS)

# The test of `as_of` with more acts and more moments: make as-of ACTS=100000 MOMENTS=200.
as-of:
	cargo test --workspace --locked --no-run
	@data=$$(mktemp -d) && trap 'rm -rf "$$data"' EXIT && \
	TIDINGS_BIN=$(DEBUG)/tidings $(DEBUG)/tidings servers run --data "$$data" -- sh -c '\
	TIDINGS_TEST_DATABASE_URL="$$DATABASE_URL" TIDINGS_TEST_NATS_URL="$$NATS_URL" ACTS=$(ACTS) MOMENTS=$(MOMENTS) \
	env -u DATABASE_URL -u NATS_URL cargo test --workspace --locked --test it -- as_of::as_of --nocapture'

# The test of a day of service desks with more customers: make desk-day CUSTOMERS=2000.
desk-day:
	cargo test --workspace --locked --no-run
	@data=$$(mktemp -d) && trap 'rm -rf "$$data"' EXIT && \
	TIDINGS_BIN=$(DEBUG)/tidings $(DEBUG)/tidings servers run --data "$$data" -- sh -c '\
	TIDINGS_TEST_DATABASE_URL="$$DATABASE_URL" TIDINGS_TEST_NATS_URL="$$NATS_URL" DESK_DAY_CUSTOMERS=$(or $(CUSTOMERS),2000) \
	env -u DATABASE_URL -u NATS_URL cargo test --workspace --locked --test it -- desk_day --nocapture'

# Pushes to offline users while the dispatcher is killed: make push-soak MESSAGES=10000.
push-soak:
	cargo test --workspace --locked --no-run
	@data=$$(mktemp -d) && trap 'rm -rf "$$data"' EXIT && \
	TIDINGS_BIN=$(DEBUG)/tidings $(DEBUG)/tidings servers run --data "$$data" -- sh -c '\
	TIDINGS_TEST_DATABASE_URL="$$DATABASE_URL" TIDINGS_TEST_NATS_URL="$$NATS_URL" PUSH_MESSAGES=$(or $(MESSAGES),10000) \
	env -u DATABASE_URL -u NATS_URL cargo test --workspace --locked --test it -- push_load --nocapture'

# Coverage-guided fuzzing of the search language, for as long as you like: make fuzz FOR=60 (seconds).
fuzz:
	mkdir -p fuzz/corpus/query
	RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table" \
	cargo run --release --target $$(rustc -vV | sed -n 's/^host: //p') --manifest-path fuzz/Cargo.toml --bin query -- \
	fuzz/corpus/query -max_len=2000 -max_total_time=$(FOR)

# `faults` and `gapless` for hours.
soak: harness
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches faults --rounds $(SOAK_ROUNDS)
	TIDINGS_BIN=$(DEPLOY)/tidings $(RELEASE)/benches gapless --events $(SOAK_EVENTS)
