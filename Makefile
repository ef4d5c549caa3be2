# All commands of this repository. They need Go, git and make; the tests also need Python 3 with venv for an emulator of
# AWS. A target that needs more says so.

.SHELLFLAGS := -eu -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# No target is a file, but for the tools.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)

EVENT ?= events/torq-payload.json
PAYLOAD ?= events/webhook-payload.json
FUZZTIME ?= 10000x
COVERAGE ?= 90
ALERTS ?= 20000
INTAKE ?= direct
ENV ?= default
ARCHITECTURE ?= arm64
STORM ?= 60
ROUNDS ?= 10

# $(call on,NAME) is not empty if the variable NAME says yes.
on = $(if $(filter 1 y yes t true on,$(call lower,$($(1)))),yes,$(if $(filter-out 0 n no f false off,$(call lower,$($(1)))),$(error $(1)=$($(1)) is not understood: write yes or no)))
lower = $(shell printf '%s' '$(subst ','"'"',$(1))' | tr A-Z a-z)

# The help of each target names the variables that it uses, also for one that is nearly spelled so. A switch counts that is on in the environment, too.
HASH := \#
# SAM calls a target with the variables of the target that called SAM.
ifndef ARTIFACTS_DIR
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
GIVEN += $(foreach name,LIVE UPDATE DELETE GUIDED,$(if $(filter environment,$(origin $(name))),$(if $(call on,$(name)),$(name))))
UNUSED := $(if $(strip $(GIVEN)),$(shell awk -F ':.*$(HASH)$(HASH) ' -v goals='$(or $(MAKECMDGOALS),help)' -v given='$(GIVEN)' '\
	BEGIN { split(goals, list, " "); for (i in list) goal[list[i]] = 1 } \
	{ known = known " " $$2; split($$1, list, " "); for (i in list) if (list[i] in goal) used = used " " $$2 } \
	function has(text, name) { return text ~ ("[^A-Z_]" name "=") } \
	function near(name) { name = toupper(name); return name ~ /S$$/ ? substr(name, 1, length(name) - 1) : name "S" } \
	END { n = split(given, list, " "); for (i = 1; i <= n; i++) if (!has(used, list[i]) && (has(known, toupper(list[i])) || has(known, near(list[i])))) print list[i] }' Makefile))
$(if $(UNUSED),$(error make $(or $(MAKECMDGOALS),help) does not use $(UNUSED): omit it, or see make help))
endif

# The linters. They are not in go.mod, which lists what the functions need.
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.1
GOFUMPT := go run mvdan.cc/gofumpt@v0.12.0

# The deployed functions: every folder of functions/ with a main.go.
FUNCTIONS := $(patsubst functions/%/main.go,%,$(wildcard functions/*/main.go))

# Lambda starts the file named bootstrap. lambda.norpc leaves out the runtime that Go functions no longer use. The same
# code gives the same bytes, in any folder and at any commit, and the environment does not change them.
GOARCH_arm64 := arm64
GOARCH_x86_64 := amd64
GOARCH := $(or $(GOARCH_$(ARCHITECTURE)),$(error ARCHITECTURE is $(ARCHITECTURE): Lambda has arm64 and x86_64))
LAMBDA = CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH) GOAMD64=v1 GOARM64=v8.0 GOEXPERIMENT= GOFIPS140=off GOWORK=off GOFLAGS= \
	go build -trimpath -buildvcs=false -tags=lambda.norpc '-ldflags=-s -w'

# The command for this machine. LIVE, UPDATE, DELETE, GO and V reach it in the environment.
BOOMERANG = .ci/boomerang
PLAYBOOKS_FLAGS = $(addprefix --playbooks ,$(PLAYBOOKS))

# $(call need,command,how to get it) stops where the command is missing.
need = command -v $(1) >/dev/null || { echo "this needs $(1), which is not installed: $(2)" >&2; exit 1; }
need_sam = $(call need,sam,install the AWS SAM CLI with 'pipx install aws-sam-cli' or as https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html says)

## First

help: ## Show this list
	@awk -F ':.*## ' '/^## / { printf "\n%s\n", substr($$0, 4) } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Take one alert through the function and show the event that Datadog would get (EVENT=events/….json PLAYBOOKS=….yaml; LIVE=1 posts to Datadog; V=1 shows everything)
	@$(BOOMERANG) run "$(EVENT)" $(PLAYBOOKS_FLAGS)

# The embedded playbooks and the ready ones, unless PLAYBOOKS names others.
ALL_PLAYBOOKS = $(or $(PLAYBOOKS),shared/playbook)

try: ## Show what playbooks make of an alert, step by step (EVENT=events/….json PLAYBOOKS=….yaml RECORD=<folder> REPLAY=<folder>; LIVE=1 reads Datadog; V=1 shows everything)
	@$(BOOMERANG) try "$(EVENT)" $(PLAYBOOKS_FLAGS) $(if $(RECORD),--record $(RECORD)) $(if $(REPLAY),--replay $(REPLAY))

test-playbooks: ## Run the tests beside playbooks (PLAYBOOKS=<file or folder>; UPDATE=1 writes their golden files)
	@$(BOOMERANG) test $(ALL_PLAYBOOKS)

# $(call flags,VARIABLE --flag …) are the flags of the variables that are set.
flags = $(foreach pair,$(1),$(if $($(word 1,$(subst =, ,$(pair)))),$(word 2,$(subst =, ,$(pair)))=$($(word 1,$(subst =, ,$(pair))))))

backtest: ## Say what a change of playbooks makes of past alerts (SINCE=7d, REPLAY=<folder> or FILE=<file>; BASE=HEAD PLAYBOOKS=… BASE_PLAYBOOKS=… RECORD=<folder> OUTPUT=text or json; ALL_MONITORS=1; FAIL_ON_CHANGE=1 FAIL_IF_DEFAULT_OVER=5%)
	@$(BOOMERANG) backtest $(call flags,SINCE=--since FILE=--file REPLAY=--replay RECORD=--record PLAYBOOKS=--playbooks BASE=--base \
		BASE_PLAYBOOKS=--base-playbooks FAIL_IF_DEFAULT_OVER=--fail-if-default-over OUTPUT=--output)

serve: ## Serve the Function URL and its page on this machine, with a fake of Datadog (ADDRESS=127.0.0.1:8787 PLAYBOOKS=….yaml; LIVE=1 posts to Datadog; REMOTE=1 lets other machines reach it)
	@$(BOOMERANG) serve $(ADDRESS) $(PLAYBOOKS_FLAGS)

# The tests' emulator of AWS. Without it the tests that need it are skipped, unless REQUIRE_ALL_TESTS is set.
MOTO := .tools/venv/bin/moto_server
$(MOTO): .ci/moto.txt .ci/requirements.txt
	@mkdir -p .tools
	@{ python3 -m venv .tools/venv && .tools/venv/bin/pip install --quiet --disable-pip-version-check -r .ci/moto.txt -c .ci/requirements.txt && touch $@; } || \
		{ echo "Python 3 with venv and pip is missing or failed: the tests that need an emulator of AWS are skipped." >&2; [ -z "$${REQUIRE_ALL_TESTS:-}" ]; }

# What checks the page's accessibility. The file is in a wheel, so that no second package manager is needed.
AXE := .tools/axe/axe.min.js
$(AXE): .ci/axe.txt $(MOTO)
	@mkdir -p .tools/axe
	@.tools/venv/bin/pip download --quiet --disable-pip-version-check --no-deps --dest .tools/axe -r .ci/axe.txt
	@cd .tools/axe && python3 -m zipfile -e axe_playwright_python-*.whl . && mv axe_playwright_python/axe.min.js . && touch axe.min.js

need-chromium:
	@$(call need,$(or $(CHROMIUM),chromium),install chromium or set CHROMIUM to another browser of its kind)

page-test: need-chromium $(AXE) ## Test the page of serve in a browser (needs chromium; PICTURES=1 takes the pictures of the documents)
	@go build -o .build/boomerang ./functions/local/boomerang
	@$(if $(PICTURES),mkdir -p functions/local/page/pictures)
	@.ci/with-moto env BOOMERANG=$(CURDIR)/.build/boomerang AXE=$(CURDIR)/$(AXE) $(if $(PICTURES),PICTURES=$(CURDIR)/functions/local/page/pictures) \
		go -C functions/local/page/browser test -count=1 -v .

test: $(MOTO) ## Run every test (some minutes the first time)
	.ci/with-moto go test -tags=noown -shuffle=on -timeout=20m ./...

## Before a commit

check: vet staticcheck format tidy check-playbooks ## Vet, lint and check the format (PLAYBOOKS=<file or folder>; fetches two linters)

vet:
	go vet ./...

# ST1005 is off because an error may begin with a name, such as Datadog.
staticcheck:
	$(STATICCHECK) -checks inherit,-ST1005 ./...

format:
	@unformatted=$$($(GOFUMPT) -l .); [ -z "$$unformatted" ] || { echo "not formatted; run: $(GOFUMPT) -w" $$unformatted >&2; exit 1; }

tidy:
	go mod tidy -diff

check-playbooks: ## Find every mistake in playbooks (PLAYBOOKS=<file or folder>; STRICT=1: warnings fail, too; STACK=<name>: does the stack allow what they need?)
	@$(BOOMERANG) check $(if $(call on,STRICT),--strict) $(if $(STACK),--stack $(STACK)) $(ALL_PLAYBOOKS)

check-payload: ## Find what the payload template of a webhook lacks (PAYLOAD=<file>; LIVE=1 PAYLOAD=<name of the webhook>)
	@$(BOOMERANG) check --payload "$(PAYLOAD)"

schema: ## Write the JSON Schema of playbooks, so that editors can complete them, and the reference of the steps
	go generate ./functions/local/boomerang

# The packages whose tests run the code in their own process. The tests of functions/ run the built binaries, which
# neither the race detector nor the coverage profile sees.
IN_PROCESS = $(shell go list ./... | grep -v '/functions$$')

race: $(MOTO) ## Run the tests under the race detector (needs a C compiler)
	@$(call need,$(firstword $(shell go env CC)),install gcc or clang)
	CGO_ENABLED=1 .ci/with-moto go test -tags=noown -race -shuffle=on -timeout=10m $(IN_PROCESS)

matrix: fault-matrix
fault-matrix: $(MOTO) ## Break each dependency in every way, and show what the webhook answers and after how long
	@$(BOOMERANG) bench matrix

soak: $(MOTO) ## Send ALERTS=20000 alerts while one call in twenty fails, and count the events (INTAKE=direct or queue; 1,000 take some 4 minutes on two cores)
	@$(BOOMERANG) bench soak --alerts "$(ALERTS)" --intake "$(INTAKE)"

# A number of inputs, because a time limit can fail a correct target (https://go.dev/issue/75804).
fuzz: ## Fuzz every fuzz target, some seconds each (FUZZTIME=10000x inputs)
	@mkdir -p .build
	@go test -list '^Fuzz' ./... > .build/fuzz.txt
	@awk '/^Fuzz/ { names[++n] = $$1 } /^ok/ { for (i = 1; i <= n; i++) print $$2, names[i]; total += n; n = 0 } \
		END { if (!total) { print "no fuzz target was found" > "/dev/stderr"; exit 1 } }' .build/fuzz.txt > .build/fuzz-targets.txt
	@while read -r package target; do \
		echo "fuzzing $$target of $$package, $(FUZZTIME)"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$package"; \
	done < .build/fuzz-targets.txt

suspects: ## Show how often the rules of the step suspects are right about scripted incidents
	@go test -count=1 -v -run '^TestFigures$$' ./shared/enrich/suspects | sed -n 's/^ *measure_test.go:[0-9]*: //p'

# Mutants that no test notices are listed as LIVED. MUTATED is one package, because each takes minutes.
MUTATED ?= ./shared/pipeline
GREMLINS := go run github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0

mutants: $(MOTO) ## Change the code of a package in small ways, and list the changes that no test notices (MUTATED=./shared/pipeline)
	.ci/with-moto $(GREMLINS) unleash --workers 1 --timeout-coefficient 10 $(MUTATED)

cover: $(MOTO) ## Measure the coverage of shared/; less than COVERAGE=90 percent fails (RACE=1: under the race detector)
	@mkdir -p .build
	$(if $(call on,RACE),CGO_ENABLED=1) .ci/with-moto go test -tags=noown -shuffle=on -timeout=20m $(if $(call on,RACE),-race -covermode=atomic) -coverpkg=./shared/... -coverprofile=.build/cover.out $(IN_PROCESS)
	@go tool cover -func=.build/cover.out | awk -v least=$(COVERAGE) '/^total:/ { seen = 1; \
		printf "shared/ is covered to %s, and %d%% is the least\n", $$3, least; exit ($$3 + 0 < least) } END { if (!seen) exit 1 }'

bench: ## Compare the deployed webhook with a bare function, with one in Python, and with another commit (ROUNDS=10 BASE=<commit>; needs Python 3)
	@$(BOOMERANG) bench start --rounds "$(ROUNDS)" $(call flags,BASE=--base)

bench-memory: ## Compare the memory of ten alerts with full lists of events with another commit's (ROUNDS=10 BASE=<commit>)
	@$(BOOMERANG) bench memory --rounds "$(ROUNDS)" $(call flags,BASE=--base)

scale: ## Simulate a storm of 1,000 alerts a second for STORM=60 seconds of a virtual clock, and its cost
	@$(BOOMERANG) bench scale --seconds "$(STORM)"

golden: ## Rewrite the golden files; review the diff before you commit
	@packages=$$(grep -rl --include='*_test.go' 'flag\.Bool("update"' . | xargs -r -n 1 dirname | sort -u); \
	[ -n "$$packages" ] || { echo "no package has golden files" >&2; exit 1; }; \
	go test -count=1 $$packages -update

# The events that stand beside package event: as commit BEFORE wrote them, and as they are now.
EXAMPLES := torq-payload object-variables no-data
BEFORE := 7916892
TEXT_OF_EVENT = awk '/^  title  / { sub(/^  title +/, ""); print $$0 "\n" } /^  │/ { sub(/^  │ ?/, ""); print }'

pictures: need-chromium ## Draw three events before and after, as Datadog shows them on a phone (needs chromium)
	@rm -rf .build/before && git worktree prune && git worktree add -q --detach .build/before $(BEFORE)
	@for name in $(EXAMPLES); do \
		(cd .build/before && go run ./functions/local run events/$$name.json) | $(TEXT_OF_EVENT) > shared/event/examples/$$name.before.md; \
		$(BOOMERANG) run -v events/$$name.json | $(TEXT_OF_EVENT) > shared/event/examples/$$name.after.md; done
	@git worktree remove --force .build/before
	@EXAMPLES_FOLDER=$(CURDIR)/shared/event/examples go test -count=1 -run "^TestPictures$$" ./functions/local/page

## In AWS

build: ## Build each function as Lambda runs it, into .build/ (ARCHITECTURE=arm64 or x86_64)
	@for f in $(FUNCTIONS); do echo "building $$f"; $(LAMBDA) -o .build/$$f/bootstrap ./functions/$$f; done

# What sam build runs for each function: build-WebhookFunction, from functions/internal/build/<architecture>/Makefile.
# A function with a mistake in its playbooks does not start, so they are checked first.
build-%Function:
	@$(call need,go,get Go 1.26 from https://go.dev/dl/)
	@[ $* != Webhook ] || find shared/playbook/own -mindepth 1 -maxdepth 1 ! -name '.*' ! -name '*.test.yaml' \( -type d -o -name '*.y*ml' \) \
		-exec go run ./functions/local/boomerang check {} +
	@$(LAMBDA) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(shell echo $* | tr A-Z a-z)

need-sam:
	@$(need_sam)

validate: need-sam ## Ask SAM and cfn-lint whether template.yaml is right (ENV=default or trial; needs SAM)
	sam validate --config-env $(ENV)

# The built template takes only the architecture that was built, so that CloudFormation refuses to deploy it as the other.
sam-build: need-sam
	sam build --config-env $(ENV)
	@built=$$(sed -n 's/^architecture = "\(.*\)"/\1/p' .aws-sam/build.toml | sort -u); \
		sed "/^  Architecture:/,/^  [A-Z]/{/^    - /d; s/AllowedValues:.*/AllowedValues: [$$built]/; s/Default:.*/Default: $$built/;}" \
		.aws-sam/build/template.yaml > .aws-sam/template.yaml && mv .aws-sam/template.yaml .aws-sam/build/template.yaml

invoke: ## Run one event through the built function in Lambda's own container (EVENT=events/….json; needs SAM and Docker)
	@.ci/test-sam $(EVENT)

test-sam: ## Run every event through the built function in Lambda's own container (needs SAM and Docker)
	@.ci/test-sam

package: sam-build ## Upload what was built, and write the template that names it to .build/packaged.yaml (ENV=default or trial)
	sam package --config-env $(ENV) --output-template-file .build/packaged.yaml

STACK_NAME = $(shell sed -n '/^\[$(ENV).global/,/^$$/s/^stack_name = "\(.*\)"/\1/p' samconfig.toml)

preflight: ## Check what a deployment needs: credentials and region of AWS, and Datadog's keys, those in DD_API_KEY and DD_APP_KEY or of the stack (ENV=default or trial)
	@$(BOOMERANG) setup --check --stack "$(STACK_NAME)"

deploy: preflight sam-build ## Deploy to AWS with your credentials (ENV=default or trial; GUIDED=1 asks for the parameters; needs SAM)
	@[ -z "$(call on,GUIDED)" ] || printf '%s\n' "" "SAM will ask: WebhookFunction Function Url has no authentication. Is this okay?" \
		"Answer y: Datadog cannot sign requests for AWS, so the function itself checks the token of each request." ""
	sam deploy --config-env $(ENV) $(if $(call on,GUIDED),--guided)

delete: need-sam ## Remove the stack and all that it made, in AWS and in Datadog (ENV=default or trial; needs SAM)
	@DD_API_KEY= DD_APP_KEY= $(BOOMERANG) setup --check --stack "$(STACK_NAME)" || \
		echo "What the stack made in Datadog cannot be removed with its keys, and stays there; functions/README.md says how to remove it." >&2
	sam delete --config-env $(ENV)

logs: need-sam ## Follow the functions' logs (ENV=default or trial; needs SAM)
	sam logs --config-env $(ENV)

# SAM has no Function URLs on this machine: make serve has.
remote-invoke: need-sam ## Send an alert to a deployed function, past its Function URL (EVENT=events/….json STACK=boomerang; needs SAM)
	@$(BOOMERANG) request --stack $(or $(STACK),boomerang) $(EVENT) | sam remote invoke WebhookFunction --stack-name $(or $(STACK),boomerang) --event-file -

drill: ## Send a synthetic alert and wait for its event (STACK=<name> or URL=<Function URL>: a deployed one; without, all on this machine, with PLAYBOOKS=….yaml; LIVE=1 posts to Datadog; V=1 shows everything)
	@$(BOOMERANG) drill $(if $(STACK),--stack $(STACK)) $(URL) $(PLAYBOOKS_FLAGS)

setup: ## Create the webhook, the dashboard and the monitors in a fake of Datadog and try them (LIVE=1 URL=…: in Datadog; DELETE=1: remove them; PLAYBOOKS=….yaml)
	@$(BOOMERANG) setup $(if $(URL),--url $(URL)) $(PLAYBOOKS_FLAGS)

redrive: ## Show the messages of the dead-letter queue; GO=1 moves them back (REDELIVERY_QUEUE_URL=… DEAD_LETTER_QUEUE_URL=…)
	@$(BOOMERANG) redrive

clean: ## Remove everything that was built
	rm -rf .build .aws-sam .tools
