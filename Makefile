# Every command sets up what it needs. `make help` lists them.
#
#   PORT=3000            where `make run` serves the API, and `make seed` finds it where several run
#   SAM_PORT=3001        where `make sam-local` serves it
#   LAMINA_STATE=.local  where it keeps its data; `memory` keeps nothing
#   ALLOWED_ORIGINS=…    whose pages may call it beside its own: http://localhost:5173
#   STACK=… AWS_REGION=… the deployed stack, where it is not the one of samconfig.toml
#   ARGS=…               passed on: make test ARGS="-k sign_in", make deploy ARGS=--guided

.DEFAULT_GOAL := help
.PHONY: help setup run invoke sam-local test test-quick faults check seed build deploy admin redrive replay rotate-signing-key bench bench-quick growth scale performance openapi docs \
	lock format clean

JOBS ?= 3

PYTHON := .venv/bin/python
# Commands for a deployed stack find it by samconfig.toml, as `make deploy` wrote it.
ON_STACK = $(if $(STACK),--stack "$(STACK)") $(ARGS)
# The set-up runs on the machine's own Python, because it is what makes the other one.
SETUP := PATH="$(PATH)" python3 -m setup
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

# Nothing of the reader's own AWS account may reach a test or the local stack: no variable, no profile, no metadata service.
WITHOUT_AWS := env $(addprefix -u ,$(filter AWS_%,$(.VARIABLES))) AWS_CONFIG_FILE=/dev/null \
	AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 } /^#   [A-Z_]+=/ { sub(/^#   /, ""); variables = variables "\n" $$0 } \
		END { print "\nVariables, as in make run PORT=3001:" variables }' $(MAKEFILE_LIST)

setup:  ## Python 3.13 and the locked packages into .venv; every other command does it first
	@$(SETUP)

run: setup  ## deploy into a local AWS and serve the API at http://127.0.0.1:3000
	@exec $(WITHOUT_AWS) $(PYTHON) -m local

invoke: setup  ## call a function of a running local stack: FUNCTION=users/get, and EVENT=events/users/get.json or its sample
	@$(WITHOUT_AWS) $(PYTHON) -m local.invoke "$(FUNCTION)" $(EVENT)

sam-local: setup  ## SAM's own `sam local` on the data of a running local stack, with Docker: ARGS=start-api, or "invoke GetUserFunction -e events/users/get.json"
	@exec $(WITHOUT_AWS) $(PYTHON) -m local.sam_local $(ARGS)

seed: setup  ## fill the running local stack with demo data, and say how to sign in
	@$(WITHOUT_AWS) $(PYTHON) -m local.seed

test:  ## every test that needs no AWS account and no Docker, but for the faults
	@$(SETUP) --engines
	$(WITHOUT_AWS) $(PYTHON) -m pytest --numprocesses $(JOBS) --dist loadgroup --ignore tests/faults $(ARGS)

test-quick:  ## the unit tests, to run every few minutes: under 90 seconds on a quiet machine
	@$(SETUP) --engines
	$(WITHOUT_AWS) $(PYTHON) -m pytest tests/unit --numprocesses $(JOBS) --dist worksteal $(ARGS)

faults: setup  ## what becomes of events while services refuse and processes are killed, and `sam local` where Docker answers: 13 minutes
	$(WITHOUT_AWS) $(PYTHON) -m pytest tests/faults $(ARGS)

check: setup  ## format, lint (with the security rules), types, import arrows, templates
	ruff format --check .
	ruff check .
	mypy
	PYTHONPATH=layers/core lint-imports --no-logo
	cfn-lint

build: setup  ## build for AWS what samconfig.toml says; ARGS are those of `sam build`
	@$(PYTHON) -m operations.build $(ARGS)

deploy: setup  ## build and deploy to AWS, asking five questions the first time or with ARGS=--guided; else ARGS are those of `sam deploy`
	@$(PYTHON) -m operations.deploy $(ARGS)

admin: setup  ## make an administrator of a deployed stack: EMAIL=… STACK=… (takes AWS credentials)
	@$(PYTHON) -m operations.make_admin "$(EMAIL)" $(ON_STACK)

redrive: setup  ## bring dead letters back to their queue: QUEUE=mail STACK=… (takes AWS credentials)
	@$(PYTHON) -m operations.redrive "$(QUEUE)" $(ON_STACK)

replay: setup  ## publish what was given up, or FROM=… TO=… TYPE=… SUBJECT=…, again: DRY_RUN=1 AGAIN=1 STACK=… (takes AWS credentials)
	@$(PYTHON) -m operations.replay --since "$(FROM)" --until "$(TO)" --type "$(TYPE)" --subject "$(SUBJECT)" \
		$(ON_STACK) $(if $(RATE),--rate $(RATE)) $(if $(filter-out 0,$(AGAIN)),--again) $(if $(filter-out 0,$(DRY_RUN)),--dry-run)

rotate-signing-key: setup  ## have access tokens signed by a new KMS key: STACK=… (takes AWS credentials)
	@$(PYTHON) -m operations.rotate_signing_key $(ON_STACK)

bench:  ## what a request costs, measured against what one would write otherwise: 15 minutes, on a quiet machine
	@$(SETUP) --engines
	@$(WITHOUT_AWS) $(PYTHON) -m bench $(ARGS)

bench-quick:  ## what functions import, their size, and their CPU time against a bare handler's: a minute
	@$(SETUP) --engines
	@$(WITHOUT_AWS) $(PYTHON) -m bench.quick $(ARGS)

growth: setup  ## what each way to the table costs with a thousand, 100,000 and a million users: 15 minutes
	@$(SETUP) --engines
	@$(WITHOUT_AWS) $(PYTHON) -m bench.growth $(ARGS)

scale: setup  ## what breaks first on the way to 100,000 requests a second, checked against a small load
	@$(WITHOUT_AWS) $(PYTHON) -m bench.scale $(ARGS)

performance: bench growth scale  ## all of docs/performance and docs/cost.md anew: 45 minutes, on a quiet machine

openapi: setup  ## write the OpenAPI document from the handlers
	$(PYTHON) -m docs.build openapi

docs:  ## write every generated page of docs/
	@$(SETUP) --engines
	$(PYTHON) -m docs.build

format: setup  ## format the code and mend what ruff can
	ruff format .
	ruff check --fix .

lock: setup  ## take the newest versions that fit into the lock files
	$(PYTHON) -m setup.lock

clean:  ## delete everything made here but the data of the local stack
	rm -rf .venv node_modules .aws-sam .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
