# Customers API. `make up` runs the whole system on this machine, `make test` tests it; neither needs anything but
# python3 (3.11 or later) and make. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .local/venvs
DEV := $(BIN)/dev/bin
SAM := $(BIN)/sam/bin/sam
AUDIT := $(BIN)/audit/bin
# Compiled modules are kept whatever the machine says, and apart from the sources: a test run starts hundreds of
# processes, each of which would compile its libraries anew.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.local/pycache
export UV ?= $(CURDIR)/$(BIN)/uv/bin/uv
STACK = $(DEV)/python -m local $(1) --home '$(STACK_HOME)' --port '$(PORT)'

# Installs the named environments from their locks; says and does nothing when they are there.
define need
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "make: Python 3.11 or later is \
needed, and $(PYTHON) is none: install it, or name one with make PYTHON=/path/to/python3." >&2; exit 1; }
@$(PYTHON) local/environments.py $(1)
endef

.PHONY: help up down status token logs customers adopt test check docs format openapi contracts lock dynamodb-local build clean pipeline-synth pipeline-diff pipeline-walk

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
	  printf '  make %-16s %s\n' "$$target" "$$text"; done

up: ## Run the whole system on this machine and prove that it works (PORT=4566)
	$(call need,dev sam emulator)
	@$(call STACK,up)

down: ## Stop it and leave nothing running
	$(call need,dev)
	@$(call STACK,down)

status: ## Show what runs, where, and how far behind the projection is
	$(call need,dev)
	@$(call STACK,status)

token: ## Print an access token (make -s token; SCOPE=customers/read narrows it)
	$(call need,dev)
	@$(call STACK,token) --scope '$(SCOPE)'

logs: ## Follow the functions' logs until Ctrl-C (FUNCTION=CreateCustomer narrows them)
	$(call need,dev)
	@$(call STACK,logs) --function '$(FUNCTION)'

customers: ## Look after the projection (ARGS="verify"; ARGS="--help" lists the commands)
	$(call need,dev)
	@$(DEV)/python -m operations $(ARGS) $(if $(STACK_HOME),--home '$(STACK_HOME)')

adopt: ## Copy this project under another name (NAME=order; PLURAL=orders, DEST=../order-api)
	$(call need,dev)
	@$(DEV)/python -m scaffold --name '$(NAME)' --plural '$(PLURAL)' --destination '$(DEST)'

test: ## Run every test, the simulation included
	$(call need,dev sam emulator pipeline)
	@$(DEV)/pytest tests --ignore=tests/simulation --numprocesses=2; others=$$?; \
	  $(DEV)/pytest tests/simulation && exit $$others

check: ## Check formatting, lint, types, import rules, the template, and both for weaknesses
	$(call need,dev sam audit pipeline docs)
	$(DEV)/ruff format --check .
	$(DEV)/ruff check .
	$(DEV)/mypy
	$(DEV)/mypy --python-executable $(BIN)/pipeline/bin/python --cache-dir .mypy_cache/pipeline \
	  -p pipeline.customers_pipeline -m pipeline.app
	$(DEV)/mypy docs/examples/consumer/follow_customers.py
	$(DEV)/lint-imports
	$(DEV)/cfn-lint template.yml docs/events/bus-policy-example.yml docs/examples/consumer/template.yml
	$(OFFLINE) $(SAM) validate --template-file template.yml
	$(OFFLINE) $(SAM) validate --template-file template.yml --lint
	$(AUDIT)/bandit --quiet --recursive --configfile pyproject.toml .
	$(OFFLINE) $(AUDIT)/checkov --config-file .checkov.yaml
	$(SITE)

# The variable silences an advertisement of the theme's.
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/docs/bin/mkdocs build --strict
docs: ## Build the documentation as a searchable site into .local/site, strict about links and anchors
	$(call need,docs)
	@$(SITE)
	@echo "  .local/site/index.html"

format: ## Format the code and mend what ruff can mend
	$(call need,dev)
	$(DEV)/ruff check --fix --exit-zero --quiet .
	$(DEV)/ruff format .

openapi: ## Write docs/openapi.json anew from the code
	$(call need,dev)
	@$(DEV)/python -m contracts.openapi

contracts: ## Write docs/events, docs/asyncapi.json and the wiring plan, unless that breaks a released version
	$(call need,dev)
	@$(DEV)/python -m contracts.events
	@$(DEV)/python -m contracts.wiring

lock: ## Pin every dependency anew from requirements/*.in
	$(call need,)
	@for name in $(LOCKS); do echo "  $$name.txt"; \
	  extra=; case $$name in shared/layer/*) extra="$(foreach package,$(IN_LAMBDA),--no-emit-package $(package))";; esac; \
	  $(COMPILE) $$extra --output-file $$name.txt $$name.in || exit 1; done

dynamodb-local: ## Run Amazon's DynamoDB Local with the template's tables until Ctrl-C (PORT=8000)
	$(call need,dev)
	@$(call STACK,dynamodb-local)

build: ## Build for AWS into .aws-sam (LAYER_PYTHON=3.13 LAYER_PLATFORM=x86_64-manylinux2014)
	$(call need,sam)
	$(OFFLINE) $(SAM) build --template-file template.yml

pipeline-synth: ## Make the pipeline's CloudFormation template, checked by cdk-nag and cfn-lint
	$(call need,dev pipeline)
	@CDK_OUTDIR=$(CDK_OUT) $(BIN)/pipeline/bin/python -m pipeline.app
	@$(DEV)/cfn-lint --ignore-checks W3005 -- $(CDK_OUT)/*.template.json
	@echo "  $$(ls $(CDK_OUT)/*.template.json)"

pipeline-diff: ## Show what deploying the pipeline would change in your AWS account
	$(call need,pipeline)
	@cd pipeline && npx --yes aws-cdk@$(CDK_CLI) diff

pipeline-walk: ## Walk the pipeline's stages on a local AWS, up to the approval (APPROVE=1 goes on)
	$(call need,dev sam emulator pipeline)
	@$(DEV)/python -m pipeline.walk $(if $(APPROVE),--approve)

clean: ## Stop the stacks and delete everything that make has made
	@for home in .local .local/test* .local/pipeline; do if [ -d $$home ] && [ -x $(DEV)/python ]; then \
	  $(DEV)/python -m local down --home $$home >/dev/null || exit 1; fi; done
	rm -rf .aws-sam .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

CDK_OUT := .local/pipeline/cdk.out
# Plain aws-cdk on npm is 3.0.0, published by mistake: it cannot read what the library writes.
CDK_CLI := 2.1148.1
# SAM wants a region and keys even where it calls nobody; the address makes sure that it does not.
OFFLINE := AWS_DEFAULT_REGION=eu-west-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none \
  AWS_ENDPOINT_URL=http://127.0.0.1:9 SAM_CLI_TELEMETRY=0
LOCKS := requirements/uv shared/layer/requirements requirements/dev requirements/sam requirements/emulator requirements/audit \
  requirements/pipeline requirements/docs
COMPILE := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command "make lock" --quiet
# Lambda's own runtime brings these.
IN_LAMBDA := boto3 botocore s3transfer python-dateutil six urllib3

# Called by `sam build`, once for each function: sources only, and only the folders that the function imports, so that
# a change elsewhere does not publish a new version of it.
bundle = for package in $(1); do find $$package -name '*.py' -not -path '*/layer/*' | while read -r file; do \
	  mkdir -p "$(ARTIFACTS_DIR)/$$(dirname $$file)" && cp -p $$file "$(ARTIFACTS_DIR)/$$file"; done; done
build-CreateCustomer build-UpdateCustomer build-EraseCustomer build-CreateCustomerPreTraffic: ; @$(call bundle,shared events commands)
build-ProjectCustomers build-RebuildControl build-RebuildSegment build-VerifySegment: ; @$(call bundle,shared events projections)
build-PublishEvents: ; @$(call bundle,shared events publisher)
build-WelcomeCustomers: ; @$(call bundle,consumer_kit consumers)
build-GetCustomer build-GetAllCustomers: ; @$(call bundle,shared events projections queries)
build-ShowDocs: ; @$(call bundle,shared queries/handlers queries/api_docs)
	@cp -p queries/__init__.py "$(ARTIFACTS_DIR)/queries/"
	@cp -p queries/api_docs/*.html queries/api_docs/*.js docs/openapi.json "$(ARTIFACTS_DIR)/queries/api_docs/"
