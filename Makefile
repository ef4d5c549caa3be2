# Everything that is done with this repository, from the first look to the deployment. Only Go, git and make are
# needed, save where a target asks for more and says so.

.SHELLFLAGS := -eu -c
.DEFAULT_GOAL := help

EVENT ?= events/torq-payload.json
PLAYBOOKS ?=
RECORD ?=
REPLAY ?=
FUZZTIME ?= 10s
COVERAGE ?= 85
ALERTS ?= 20000
INTAKE ?= direct
STANDIN ?=
URL ?=

# The linters, by the version that everybody runs. They are no dependency of the module, so that go.mod lists what runs.
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.1
GOFUMPT := go run mvdan.cc/gofumpt@v0.12.0

# What is deployed: every folder of functions/ but the one for this machine.
FUNCTIONS := $(filter-out local,$(patsubst functions/%/main.go,%,$(wildcard functions/*/main.go)))

# Lambda starts the file named bootstrap. lambda.norpc leaves out the runtime that Go functions no longer use.
LAMBDA_GOFLAGS = $(shell go env GOFLAGS) -trimpath -tags=lambda.norpc '-ldflags=-s -w'
LAMBDA = CGO_ENABLED=0 GOOS=linux GOARCH=arm64 GOFLAGS="$(LAMBDA_GOFLAGS)"

# $(call need,command,how to get it) stops with that advice where the command is missing.
need = command -v $(1) >/dev/null || { echo "this needs $(1), which is not here: $(2)" >&2; exit 1; }
need_sam = $(call need,sam,install the AWS SAM CLI with 'pipx install aws-sam-cli' or as https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html says)
need_docker = $(call need,docker,install Docker as https://docs.docker.com/get-docker/ says; 'make run' does without)

## First

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^## / { printf "\n%s\n", substr($$0, 4) } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Take one alert through the function and show the event that Datadog would get (EVENT=events/….json)
	@go run ./functions/local run $(EVENT)

# The embedded playbooks and the ready ones, unless PLAYBOOKS names others.
ALL_PLAYBOOKS = $(or $(PLAYBOOKS),shared/playbook)

.PHONY: try
try: ## Show what playbooks make of an alert, step by step (EVENT=events/….json PLAYBOOKS=….yaml RECORD=<folder> REPLAY=<folder>)
	@go run ./functions/local try $(EVENT) $(PLAYBOOKS) $(if $(RECORD),--record $(RECORD)) $(if $(REPLAY),--replay $(REPLAY))

.PHONY: test-playbooks
test-playbooks: ## Run the tests beside playbooks (PLAYBOOKS=<file or folder>)
	@go run ./functions/local test-playbooks $(ALL_PLAYBOOKS)

.PHONY: serve
serve: ## Serve the Function URL on this machine, with the Datadog stand-in behind it
	@go run ./functions/local serve

.PHONY: test
test: ## Run every test
	go test -shuffle=on -timeout=3m ./...

## Before a commit

.PHONY: check
check: vet staticcheck format tidy check-playbooks ## Look for what the compiler lets pass

.PHONY: vet
vet:
	go vet ./...

# ST1005 is off because an error may begin with a name, such as Datadog.
.PHONY: staticcheck
staticcheck:
	$(STATICCHECK) -checks inherit,-ST1005 ./...

.PHONY: format
format:
	@unformatted=$$($(GOFUMPT) -l .); [ -z "$$unformatted" ] || { echo "not formatted; run: $(GOFUMPT) -w" $$unformatted >&2; exit 1; }

.PHONY: tidy
tidy:
	go mod tidy -diff

.PHONY: check-playbooks
check-playbooks: ## Find every mistake in playbooks (PLAYBOOKS=<file or folder>)
	@go run ./functions/local check-playbooks $(ALL_PLAYBOOKS)

.PHONY: schema
schema: ## Write the JSON Schema of playbooks, by which editors complete them, and the reference of the steps
	go generate ./functions/local

# The packages whose tests run the code in their own process. Those of functions/ itself run the built binaries, which
# neither the race detector nor the measurement of coverage sees, and which both would only slow down.
IN_PROCESS = $(shell go list ./... | grep -v '/functions$$')

.PHONY: race
race: ## Run the tests under the race detector (needs a C compiler)
	@$(call need,$(firstword $(shell go env CC)),install gcc or clang)
	CGO_ENABLED=1 go test -race -shuffle=on -timeout=10m $(IN_PROCESS)

.PHONY: matrix
matrix: ## Break every dependency in every way, and show what the webhook answers and how soon
	@mkdir -p .build
	@go test -count=1 -v -run '^TestMatrix$$' ./functions > .build/matrix.txt || { cat .build/matrix.txt; exit 1; }
	@awk '/INTAKE=/ { table = 1 } /^(---|===)/ { table = 0 } table' .build/matrix.txt

.PHONY: soak
soak: ## Send ALERTS=20000 alerts while every dependency fails now and then, and count the events (INTAKE=direct or queue)
	SOAK=$(ALERTS) go test -count=1 -timeout=15m -v -run '^TestSoak$$/^$(INTAKE)$$' ./functions

.PHONY: fuzz
fuzz: ## Fuzz every fuzz target for a while (FUZZTIME=10s)
	@mkdir -p .build
	@go test -list '^Fuzz' ./... > .build/fuzz.txt
	@awk '/^Fuzz/ { names[++n] = $$1 } /^ok/ { for (i = 1; i <= n; i++) print $$2, names[i]; total += n; n = 0 } \
		END { if (!total) { print "no fuzz target was found" > "/dev/stderr"; exit 1 } }' .build/fuzz.txt > .build/fuzz-targets.txt
	@while read -r package target; do \
		echo "fuzzing $$target of $$package for $(FUZZTIME)"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$package"; \
	done < .build/fuzz-targets.txt

.PHONY: cover
cover: ## Measure how much of shared/ the tests reach; less than COVERAGE percent fails
	@mkdir -p .build
	go test -coverpkg=./shared/... -coverprofile=.build/cover.out $(IN_PROCESS)
	@go tool cover -func=.build/cover.out | awk -v least=$(COVERAGE) '/^total:/ { seen = 1; \
		printf "shared/ is covered to %s, and %d%% is the least\n", $$3, least; exit ($$3 + 0 < least) } END { if (!seen) exit 1 }'

.PHONY: bench
bench: build ## Show the figures: time and allocations of the hot paths, size of the binaries
	go test -run '^$$' -bench . -benchmem ./...
	@for f in $(FUNCTIONS); do wc -c < .build/$$f/bootstrap | awk -v f=$$f '{ printf "%s: %.1f MB\n", f, $$1 / 1e6 }'; done

.PHONY: golden
golden: ## Write the golden files anew; read the difference before you commit it
	@packages=$$(grep -rl --include='*_test.go' 'flag\.Bool("update"' . | xargs -r -n 1 dirname | sort -u); \
	[ -n "$$packages" ] || { echo "no package has golden files" >&2; exit 1; }; \
	go test -count=1 $$packages -update

## In AWS

.PHONY: build
build: ## Build each function as Lambda runs it, into .build/
	@for f in $(FUNCTIONS); do echo "building $$f"; $(LAMBDA) go build -o .build/$$f/bootstrap ./functions/$$f; done

# After build, because SAM does not show what the compiler says.
.PHONY: sam-build
sam-build: build
	@$(need_sam)
	$(LAMBDA) sam build

.PHONY: invoke
invoke: sam-build ## Run the built function in Lambda's own container (STANDIN=<address that 'make serve' shows>; needs SAM and Docker)
	@$(need_docker)
	@[ -n "$(STANDIN)" ] || { echo "the container needs somebody to talk to: run 'make serve' in another terminal, then 'make invoke STANDIN=<the address of its Datadog>'" >&2; exit 1; }
	@mkdir -p .build
	@printf '{"WebhookFunction":{"DATADOG_SECRET_ARN":"boomerang/datadog","WEBHOOK_SECRET_ARN":"boomerang/webhook","REDELIVERY_QUEUE_URL":"","LEDGER_TABLE":"","DATADOG_API_URL":"%s","AWS_ENDPOINT_URL":"%s"}}' \
		$(STANDIN) $(STANDIN) > .build/environment.json
	sam local invoke WebhookFunction --event $(EVENT) --env-vars .build/environment.json

# The first time it asks for the parameters, and sam keeps the answers in samconfig.toml.
.PHONY: deploy
deploy: sam-build ## Deploy to AWS with your credentials; asks what it must know the first time (needs SAM)
	sam deploy $$(grep -q '^parameter_overrides' samconfig.toml || echo --guided)

.PHONY: drill
drill: ## Send a synthetic alert and wait for its event (URL=<Function URL>; without one, all on this machine)
	@go run ./functions/local drill $(URL)

.PHONY: redrive
redrive: ## Show why alerts are among the dead letters; GO=1 puts them back (REDELIVERY_QUEUE_URL=… DEAD_LETTER_QUEUE_URL=…)
	@go run ./functions/local redrive

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf .build .aws-sam .tools
