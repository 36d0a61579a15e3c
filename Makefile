# Every command installs what it needs. `make help` lists the commands.
#
#   PORT=3000            port of `make run`; also selects the stack for other commands if several run
#   SAM_PORT=3001        port of `make sam-local`
#   DEBUG_PORT=5678      port of debuggers while a function has stopped at `breakpoint()`
#   LAMINA_STATE=.local  folder of the local data; `memory` stores nothing
#   ALLOWED_ORIGINS=…    further origins that may call the API: http://localhost:5173
#   CACHE_URL=…          a Valkey or Redis server that `make run` shares as a cache: redis://127.0.0.1:6379
#   OTLP_URL=…           an OpenTelemetry collector that receives the traces of `make run`: http://127.0.0.1:4318
#   STACK=… AWS_REGION=… the deployed stack, if it is not the one in samconfig.toml
#   ARGS=…               passed to the tool: make test ARGS="-k sign_in", make deploy ARGS=--guided

.DEFAULT_GOAL := help
# Every target that has a description below.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\#.*/\1/p' $(MAKEFILE_LIST))
.PHONY: help setup run invoke sam-local events test test-quick faults check seed build deploy rollback admin audit flags smoke metrics redrive replay reindex rebuild-orders migrate rotate-signing-key bench bench-quick growth search-quality scale soak performance openapi docs resource \
	lock format clean

JOBS ?= 3

PYTHON := .venv/bin/python
# Commands for a deployed stack find it by samconfig.toml, as `make deploy` wrote it.
ON_STACK = $(if $(STACK),--stack "$(STACK)") $(ARGS)
# The set-up runs on the machine's Python, because it installs the project's.
SETUP := PATH="$(PATH)" python3 -m setup
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
# Bytecode is kept, although images of Python often disable that: each process would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

# Tests and the local stack must not use the developer's AWS account: no variables, no profile, no metadata service.
WITHOUT_AWS := env $(addprefix -u ,$(filter AWS_%,$(.VARIABLES))) AWS_CONFIG_FILE=/dev/null \
	AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 } /^#   [A-Z_]+=/ { sub(/^#   /, ""); variables = variables "\n" $$0 } \
		END { print "\nVariables, as in make run PORT=3001:" variables }' $(MAKEFILE_LIST)

setup:  ## install Python 3.13 and the locked packages into .venv; every other command does this first
	@$(SETUP)

run: setup  ## deploy into a local AWS and serve the API at http://127.0.0.1:3000
	@exec $(WITHOUT_AWS) $(PYTHON) -m local

.PHONY: open logs shell debug reset
open: setup  ## open a page of the running local stack in the browser: PAGE=console, docs, graphql, mail or example
	@PAGE="$(PAGE)" $(PYTHON) -m local.open_page

logs: setup  ## follow the logs of the running local stack: FUNCTION=users/get, CORRELATION=<id>, ONCE=1, JSON=1
	@$(WITHOUT_AWS) $(PYTHON) -m local.follow_logs --function "$(FUNCTION)" --correlation "$(CORRELATION)" \
		$(if $(filter-out 0,$(ONCE)),--once) $(if $(filter-out 0,$(JSON)),--json)

shell: setup  ## open a Python prompt with the services and the demo users, on the data of the running local stack
	@$(WITHOUT_AWS) $(PYTHON) -m local.shell

debug: setup  ## debug the function that has stopped at `breakpoint()`, by pdb in the terminal; VS Code attaches with F5
	@$(PYTHON) -m local.debugging.prompt

reset: setup  ## delete the data of the local stack, which must not run; `make run` starts with an empty one
	@$(PYTHON) -m local.reset

invoke: events  ## invoke a function of a running local stack: FUNCTION=users/get, with EVENT=events/users/get.json or its sample
	@$(WITHOUT_AWS) $(PYTHON) -m local.invoke "$(FUNCTION)" $(EVENT)

sam-local: events  ## run `sam local` on the data of a running local stack, with Docker: ARGS=start-api, or "invoke GetUserFunction -e events/users/get.json"
	@exec $(WITHOUT_AWS) $(PYTHON) -m local.sam_local $(ARGS)

events: setup  ## write the sample event of each function to events/<folder>/<file>.json, for `sam local invoke -e`
	@$(PYTHON) -m local.samples

seed: setup  ## create demo data in the running local stack, and print how to sign in
	@$(WITHOUT_AWS) $(PYTHON) -m local.seed

test:  ## run every test that needs no AWS account and no Docker, except those marked `long`
	@$(SETUP) --engines
	$(WITHOUT_AWS) $(PYTHON) -m pytest --numprocesses $(JOBS) --dist loadgroup --ignore tests/faults -m "not long" $(ARGS)

test-quick:  ## run the unit tests but those marked `exhaustive`: under 90 seconds on an idle machine
	@$(SETUP) --engines
	$(WITHOUT_AWS) $(PYTHON) -m pytest tests/unit -m "not exhaustive" --numprocesses $(JOBS) --dist worksteal $(ARGS)

faults: events  ## run the tests marked `long`: failing services, killed processes, random calls, browsers, generated clients, the tutorial, `sam local` if Docker is available
	$(WITHOUT_AWS) $(PYTHON) -m pytest tests/faults tests/e2e tests/integration tests/local -m long $(ARGS)

check: setup  ## check format, lint (with security rules), types, imports between packages, templates
	ruff format --check .
	ruff check .
	python -m docs.prose
	mypy
	PYTHONPATH=layers/core lint-imports --no-logo
	cfn-lint

audit: setup  ## run security scanners over code, templates, secrets and locks, and write a bill of materials: ARGS=--strict
	@$(PYTHON) -m operations.audit $(ARGS)

build: setup  ## build for AWS with the parameters of samconfig.toml; ARGS are passed to `sam build`
	@$(PYTHON) -m operations.build $(ARGS)

deploy: setup  ## build and deploy to AWS; asks five questions the first time or with ARGS=--guided; other ARGS are passed to `sam deploy`
	@$(PYTHON) -m operations.deploy $(ARGS)

rollback: setup  ## deploy what a stack was before the last deployment: STACK=…; DRY_RUN=1 only says what
	@$(PYTHON) -m operations.rollback $(ON_STACK) $(if $(filter-out 0,$(DRY_RUN)),--dry-run)

admin: setup  ## create an administrator in a deployed stack: EMAIL=… STACK=… (needs AWS credentials)
	@$(PYTHON) -m operations.make_admin "$(EMAIL)" $(ON_STACK)

flags: setup  ## list feature flags, or change one: FLAG=registration SET=off|on|25%|domain=…|default, with STACK=… or LOCAL=1
	@$(if $(filter-out 0,$(LOCAL)),$(WITHOUT_AWS)) $(PYTHON) -m operations.flags $(if $(filter-out 0,$(LOCAL)),--local) \
		$(if $(FLAG),--flag "$(FLAG)" --set '$(SET)') $(ON_STACK)

smoke: setup  ## sign in, read, write and delete through a running API: URL=http://127.0.0.1:3000, and EMAIL=… PASSWORD=… of an account
	@$(PYTHON) -m operations.smoke "$(URL)"

metrics: setup  ## print the metrics of the running local stack in the text format of Prometheus
	@$(WITHOUT_AWS) $(PYTHON) -m local.metrics

redrive: setup  ## return dead letters to their queue: QUEUE=mail STACK=… (needs AWS credentials)
	@$(PYTHON) -m operations.redrive "$(QUEUE)" $(ON_STACK)

replay: setup  ## publish events again, those that failed or FROM=… TO=… TYPE=… SUBJECT=…: DRY_RUN=1 AGAIN=1 STACK=… (needs AWS credentials)
	@$(PYTHON) -m operations.replay --since "$(FROM)" --until "$(TO)" --type "$(TYPE)" --subject "$(SUBJECT)" \
		$(ON_STACK) $(if $(RATE),--rate $(RATE)) $(if $(filter-out 0,$(AGAIN)),--again) $(if $(filter-out 0,$(DRY_RUN)),--dry-run)

reindex: setup  ## update the search index to all posts: STACK=…, or LOCAL=1 for the running local stack
	@$(if $(filter-out 0,$(LOCAL)),$(WITHOUT_AWS) $(PYTHON) -m local.reindex,$(PYTHON) -m operations.reindex $(ON_STACK))

rebuild-orders: setup  ## rebuild the lists of orders and the sales of products: STACK=…, or LOCAL=1 for the running local stack
	@$(if $(filter-out 0,$(LOCAL)),$(WITHOUT_AWS) $(PYTHON) -m local.rebuild_orders,$(PYTHON) -m operations.rebuild_orders $(ON_STACK))

migrate: setup  ## run pending data migrations: STACK=…, or LOCAL=1; DRY_RUN=1, STATUS=1, BACK=0001, RATE=500 (docs/changing-data.md)
	@$(if $(filter-out 0,$(LOCAL)),$(WITHOUT_AWS) $(PYTHON) -m local.migrate $(ARGS),$(PYTHON) -m operations.migrate $(ON_STACK)) \
		$(if $(RATE),--rate $(RATE)) $(if $(BACK),--back $(BACK)) $(if $(filter-out 0,$(STATUS)),--status) $(if $(filter-out 0,$(DRY_RUN)),--dry-run)

backup: setup  ## back up the table: STACK=…, or LOCAL=1 for the running local stack
	@$(if $(filter-out 0,$(LOCAL)),$(WITHOUT_AWS) $(PYTHON) -m local.maintenance backup $(ARGS),$(PYTHON) -m operations.backup $(ON_STACK))

restore-drill: setup  ## restore the table into a new one, verify and remove it, and print RPO and RTO: BACKUP=arn… STACK=…, or LOCAL=1
	@$(if $(filter-out 0,$(LOCAL)),$(WITHOUT_AWS) $(PYTHON) -m local.maintenance restore-drill $(ARGS),$(PYTHON) -m operations.restore_drill $(ON_STACK)) \
		$(if $(BACKUP),--backup "$(BACKUP)")

export: setup  ## write all users, posts, products or orders as NDJSON: SUBJECT=users OUT=users.ndjson STACK=…, or LOCAL=1
	@$(if $(filter-out 0,$(LOCAL)),$(WITHOUT_AWS) $(PYTHON) -m local.maintenance export,$(PYTHON) -m operations.export) "$(SUBJECT)" \
		$(if $(filter-out 0,$(LOCAL)),$(ARGS),$(ON_STACK)) $(if $(OUT),--out "$(OUT)")

copy-table: setup  ## copy what is missing from another table: FROM=table PREFIX=USER# STACK=… (needs AWS credentials)
	@$(PYTHON) -m operations.copy_table "$(FROM)" $(ON_STACK) $(if $(PREFIX),--prefix "$(PREFIX)") $(if $(RATE),--rate $(RATE))

revoke-api-key: setup  ## revoke an API key that has leaked, by its text on the standard input: STACK=… (needs AWS credentials)
	@$(PYTHON) -m operations.revoke_api_key $(ON_STACK)

rotate-signing-key: setup  ## rotate the key that signs access tokens, after a leak with ARGS=--now: STACK=… (needs AWS credentials)
	@$(PYTHON) -m operations.rotate_signing_key $(ON_STACK)

bench:  ## benchmark requests against other frameworks: 15 minutes, on an idle machine
	@$(SETUP) --engines
	@$(WITHOUT_AWS) $(PYTHON) -m bench $(ARGS)

bench-quick:  ## check imports, size and CPU time of functions against a bare handler: one minute
	@$(SETUP) --engines
	@$(WITHOUT_AWS) $(PYTHON) -m bench.quick $(ARGS)

growth: setup  ## measure each access pattern with 1,000, 100,000 and a million users: 15 minutes
	@$(SETUP) --engines
	@$(WITHOUT_AWS) $(PYTHON) -m bench.growth $(ARGS)

search-quality: setup  ## measure what searches of generated posts find and cost, up to a million posts: 20 minutes
	@$(WITHOUT_AWS) $(PYTHON) -m bench.search $(ARGS)

cache-bench:  ## measure the hit ratio and the latency of the cache, and compare its client with redis-py: two minutes
	@$(SETUP) --engines
	@$(WITHOUT_AWS) $(PYTHON) -m bench.cache $(ARGS)

otlp-bench:  ## measure what traces by OTLP cost in a cold start and in a request: two minutes
	@$(SETUP) --engines
	@$(WITHOUT_AWS) $(PYTHON) -m bench.otlp $(ARGS)

scale: setup  ## model which quota is exceeded first on the way to 100,000 requests a second, compared with a small load
	@$(WITHOUT_AWS) $(PYTHON) -m bench.scale $(ARGS)

load: setup  ## use a running stack as people do, with thresholds: URL=http://127.0.0.1:3000, ARGS="--people 4 --seconds 60"
	@$(PYTHON) -m bench.load "$(or $(URL),http://127.0.0.1:3000)" $(ARGS)

soak: setup  ## use a local stack for half an hour: memory, temporary files and latency have to stay what they are
	@$(WITHOUT_AWS) $(PYTHON) -m bench.soak $(ARGS)

performance: bench growth search-quality scale  ## measure all of docs/performance and docs/cost.md: 45 minutes, on an idle machine

clients: setup  ## generate typed clients (Python, TypeScript) and a Bruno collection into clients/generated/
	@$(PYTHON) -m clients

docs-site: setup  ## build the documentation site from docs/ into site/; fails if a link leads nowhere
	@$(SETUP) --engines
	$(PYTHON) -m docs.site

resource: setup  ## write the skeleton of a resource, from handlers to tests: NAME=book, and PLURAL=… if it is irregular (docs/tutorial.md)
	@$(PYTHON) -m scaffold "$(NAME)" $(PLURAL)

openapi: setup  ## generate the OpenAPI document from the handlers
	$(PYTHON) -m docs.build openapi

docs:  ## generate the OpenAPI document and the generated pages of docs/
	@$(SETUP) --engines
	$(PYTHON) -m docs.build

format: setup  ## format the code and apply ruff's fixes
	ruff format .
	ruff check --fix .

lock: setup  ## update the lock files to the newest compatible versions
	$(PYTHON) -m setup.lock

clean:  ## delete all generated files except the data of the local stack
	rm -rf .venv node_modules clients/node_modules clients/generated site .aws-sam events/*/ .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
