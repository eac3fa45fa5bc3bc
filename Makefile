# Customers API. `make up` runs the whole system on this machine and `make test` tests it. Both need only python3 (3.11 or
# later) and make. `make help` lists all targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .local/venvs
DEV := $(BIN)/dev/bin
RUN := $(BIN)/stack/bin/python
SAM := $(BIN)/sam/bin/sam
AUDIT := $(BIN)/audit/bin
# Keep compiled modules even if the machine disables that, and keep them out of the source folders. A test run starts
# hundreds of processes, and each would compile its libraries again.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.local/pycache
export UV ?= $(CURDIR)/$(BIN)/uv/bin/uv
# A warning turned into an error, or modules of the user's, would break the tools.
unexport PYTHONWARNINGS PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONSAFEPATH PYTHONOPTIMIZE PYTHONINSPECT PYTHONUSERBASE
# A variable as one word of the shell, whatever it contains.
quoted = '$(subst ','\'',$(value $(1)))'
STACK = $(RUN) -m local $(1) --home $(call quoted,STACK_HOME)

# Finds the Python to use. Only PYTHON=... from the user changes the one that the environments were installed with.
python = python=$$(sh local/python.sh $(if $(filter-out undefined,$(origin PYTHON)),$(call quoted,PYTHON),''))
# Installs the named environments from their locks. Silent if they are up to date.
define need
@$(python) && "$$python" -m local.environments $(1)
endef

.PHONY: help up down status output token demo logs consumer customers adopt test unit mutants coverage check docs format openapi contracts lock dynamodb-local build clean pipeline-synth pipeline-diff pipeline-walk

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
	  printf '  make %-16s %s\n' "$$target" "$$text"; done

up: ## Run the whole system on this machine and smoke-test it (PORT=4566; FORCE=1 may delete its data)
	$(call need,stack sam emulator)
	@$(call STACK,up) --port $(call quoted,PORT) $(if $(FORCE),--force)

down: ## Stop the local system and delete its data
	@$(python) && "$$python" -m local.stopping --home $(call quoted,STACK_HOME)

status: ## Show the processes, the addresses, and what is wrong
	$(call need,stack)
	@$(call STACK,status)
	@home=$(if $(STACK_HOME),$(call quoted,STACK_HOME),.local); [ ! -e "$$home/outputs.json" ] || { echo; $(RUN) -m operations status --home "$$home"; }

output: ## Print one output of the stack (make -s output NAME=ApiEndpoint)
	$(call need,stack)
	@$(call STACK,output) --name $(call quoted,NAME)

demo: ## Create a hundred people with a history, the same ones every time
	$(call need,stack)
	@$(call STACK,demo)

token: ## Print an access token (make -s token SCOPE=customers/read)
	$(call need,stack)
	@$(call STACK,token) --scope $(call quoted,SCOPE)

logs: ## Follow the functions' logs until Ctrl-C (FUNCTION=CreateCustomer TRACE=an-id FOLLOW=0)
	$(call need,stack)
	@$(call STACK,logs) --function $(call quoted,FUNCTION) --trace $(call quoted,TRACE) --follow $(call quoted,FOLLOW)

consumer: ## Deploy a consuming team's stack beside the running local one, and have it receive an event (DIR=docs/examples/consumer)
	$(call need,stack sam)
	@$(RUN) -m local.consumer --directory $(call quoted,DIR) --name $(call quoted,NAME) \
	  --parameters $(call quoted,PARAMETERS) --remove $(call quoted,REMOVE) --home $(call quoted,STACK_HOME)

customers: ## Operate the projection (ARGS="verify"; ARGS="--help" lists the commands)
	$(call need,stack)
	@$(RUN) -m operations $(ARGS) $(if $(STACK_HOME),--home $(call quoted,STACK_HOME))

adopt: ## Copy this project under another name (NAME=order; PLURAL=orders, DEST=../order-api)
	$(call need,dev)
	@$(DEV)/python -m scaffold --name $(call quoted,NAME) --plural $(call quoted,PLURAL) --destination $(call quoted,DEST)

test: ## Run every test, including the simulation
	$(call need,stack dev sam emulator pipeline clients)
	@$(DEV)/python -m tests.run

unit: ## Run the unit tests only
	$(call need,dev)
	@$(DEV)/pytest tests/unit --numprocesses=2 --quiet

mutants: ## Change the code in thousands of ways, and require that the tests notice (MUTANTS="'events.history*'")
	$(call need,dev mutation)
	@if [ -z "$(MUTANTS)" ]; then MUTANTS=all $(DEV)/pytest tests/simulation/test_mutants.py; fi; others=$$?; \
	  $(DEV)/python -m tests.mutation $(MUTANTS) && exit $$others

coverage: ## Measure the branch coverage of the tests that need no stack
	$(call need,dev sam emulator pipeline)
	@$(DEV)/pytest tests/unit tests/contract tests/infrastructure --numprocesses=2 --quiet --cov

check: ## Check formatting, lint, types, import rules, template and documentation, and scan for weaknesses
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
	$(AUDIT)/bandit --quiet --recursive --configfile pyproject.toml .
	$(OFFLINE) $(AUDIT)/checkov --config-file .checkov.yaml
	$(SITE)

# The variable silences an advertisement of the theme's.
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/docs/bin/mkdocs build --strict
docs: ## Build the documentation as a searchable site into .local/site, strict about links and anchors
	$(call need,docs)
	@$(SITE)
	@echo "  .local/site/index.html"

format: ## Format the code and apply ruff's fixes
	$(call need,dev)
	$(DEV)/ruff check --fix --exit-zero --quiet .
	$(DEV)/ruff format .

openapi: ## Regenerate docs/openapi.json, the Postman collection and docs/requests.http from the code
	$(call need,dev)
	@$(DEV)/python -m contracts.openapi

contracts: ## Regenerate the sets of characters, docs/events, docs/asyncapi.json, the wiring plan and the command reference; refuses to break a released version
	$(call need,dev)
	@$(DEV)/python -m contracts.characters
	@$(DEV)/python -m contracts.events
	@$(DEV)/python -m contracts.wiring
	@$(DEV)/python -m contracts.command_line

lock: ## Update the locks from requirements/*.in (LOCKS=requirements/dev)
	$(call need,uv)
	@for name in $(LOCKS); do echo "  $$name.txt"; \
	  extra=; case $$name in shared/layer/*) extra="$(foreach package,$(IN_LAMBDA),--no-emit-package $(package))";; \
	  requirements/sam) extra="--override requirements/sam.override $(foreach package,$(ONLY_FOR_LINT),--no-emit-package $(package))";; esac; \
	  $(COMPILE) $$extra --output-file $$name.txt $$name.in || exit 1; done

dynamodb-local: ## Run Amazon's DynamoDB Local with the template's tables until Ctrl-C (PORT=8000)
	$(call need,dev)
	@$(DEV)/python -m local dynamodb-local --port $(call quoted,PORT)

build: ## Build for AWS into .aws-sam (LAYER_PYTHON=3.13 LAYER_PLATFORM=x86_64-manylinux2014)
	$(call need,sam)
	$(OFFLINE) $(SAM) build --template-file template.yml

pipeline-synth: ## Synthesise the pipeline's CloudFormation template and check it with cdk-nag and cfn-lint
	$(call need,dev pipeline)
	@CDK_OUTDIR=$(CDK_OUT) $(BIN)/pipeline/bin/python -m pipeline.app
	@$(DEV)/cfn-lint --ignore-checks W3005 -- $(CDK_OUT)/*.template.json
	@echo "  $$(ls $(CDK_OUT)/*.template.json)"

pipeline-diff: ## Show what deploying the pipeline would change in your AWS account
	$(call need,dev pipeline)
	@$(DEV)/python -m local.tools.cdk diff

pipeline-walk: ## Run the pipeline's stages on a local AWS, up to the approval (APPROVE=1 continues)
	$(call need,dev sam emulator pipeline)
	@$(DEV)/python -m pipeline.walk $(if $(APPROVE),--approve)

clean: ## Stop all local stacks and delete all generated files
	@$(python) && "$$python" -m local.stopping --all
	rm -rf .aws-sam .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

CDK_OUT := .local/pipeline/cdk.out
# SAM requires a region and keys even offline. The unreachable address makes sure that it calls nothing.
OFFLINE := AWS_DEFAULT_REGION=eu-west-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none \
  AWS_ENDPOINT_URL=http://127.0.0.1:9 SAM_CLI_TELEMETRY=0
LOCKS := requirements/uv shared/layer/requirements requirements/dev requirements/stack requirements/sam requirements/emulator requirements/audit \
  requirements/pipeline requirements/docs requirements/mutation requirements/clients
COMPILE := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command "make lock" --quiet
# Needed by `sam validate --lint` alone, and 80 MB. `make check` runs cfn-lint itself.
ONLY_FOR_LINT := cfn-lint sympy networkx mpmath
# Included in Lambda's runtime.
IN_LAMBDA := boto3 botocore s3transfer python-dateutil six urllib3

# Called by `sam build` once for each function. It copies sources only, and only the folders that the function imports, so
# that a change elsewhere does not publish a new version.
bundle = find $(1) -name '*.py' -not -path '*/layer/*' | tar -cf - -T - | tar -xpf - -C "$$ARTIFACTS_DIR"
# Without the maintenance, which only a rebuild runs.
PROJECTION = $(wildcard projections/*.py)
# What only writers of views import.
WRITING = $(addprefix projections/,counting_projector.py dynamodb_views.py live.py projector.py)
build-CreateCustomer build-UpdateCustomer build-EraseCustomer build-EraseSyntheticCustomer build-FinishErasures build-CreateCustomerPreTraffic: ; @$(call bundle,shared events commands)
build-ProjectCustomers: ; @$(call bundle,shared events $(PROJECTION) projections/handlers/__init__.py projections/handlers/project_customers.py)
build-RebuildControl build-RebuildSegment build-VerifySegment: ; @$(call bundle,shared events projections)
build-PublishEvents: ; @$(call bundle,shared events publisher)
build-WelcomeCustomers: ; @$(call bundle,consumer_kit consumers)
build-GetCustomer build-GetAllCustomers build-SearchCustomers build-GetStatistics: ; @$(call bundle,shared events $(filter-out $(WRITING),$(PROJECTION)) $(wildcard queries/*.py) queries/handlers)
build-AnswerPreflight: ; @$(call bundle,shared queries/__init__.py queries/handlers)
build-ShowDocs: ; @$(call bundle,shared queries/handlers queries/api_docs)
	@cp -p queries/__init__.py "$$ARTIFACTS_DIR/queries/"
	@mkdir -p "$$ARTIFACTS_DIR/queries/api_docs/problems"
	@cp -p $(foreach kind,html js css svg,queries/api_docs/*.$(kind)) docs/openapi.json "$$ARTIFACTS_DIR/queries/api_docs/"
	@cp -p docs/reference/problems/*.md "$$ARTIFACTS_DIR/queries/api_docs/problems/"
