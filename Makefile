# Customers API. `make up` runs the whole system on this machine, `make test` tests it; neither needs anything but
# python3 (3.11 or later) and make. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .local/venvs
DEV := $(BIN)/dev/bin
export PYTHONDONTWRITEBYTECODE ?=
export UV ?= $(CURDIR)/$(BIN)/uv/bin/uv

# Called by `sam build`, once for each function: sources only, and only the folders that the function imports, so that
# a change elsewhere does not publish a new version of it.
bundle = for package in $(1); do find $$package -name '*.py' -not -path '*/layer/*' | while read -r file; do \
	  mkdir -p "$(ARTIFACTS_DIR)/$$(dirname $$file)" && cp -p $$file "$(ARTIFACTS_DIR)/$$file"; done; done
build-CreateCustomer: ; @$(call bundle,shared events commands)
build-ProjectCustomers: ; @$(call bundle,shared events projections)
build-GetCustomer build-GetAllCustomers: ; @$(call bundle,shared events projections queries)
