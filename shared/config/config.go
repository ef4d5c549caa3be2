// Package config reads the environment of a function into a struct, once, and
// reports all that is wrong with it together.
//
// AWS_ENDPOINT_URL and its like are the AWS SDK's own and are not here.
package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// Datadog is what every function needs to reach Datadog.
type Datadog struct {
	// DatadogSecretARN is the name or ARN of the secret with both keys.
	DatadogSecretARN string    `env:"DATADOG_SECRET_ARN,required"`
	Site             site.Site `env:"DD_SITE" envDefault:"datadoghq.com"`
	// APIURL, when it is not empty, replaces https://api.<Site> and the host that takes
	// events of the v2 API. It has no slash at its end.
	APIURL string `env:"DATADOG_API_URL"`
}

// Pipeline is what it takes to carry an alert from claim to event.
type Pipeline struct {
	Datadog
	// RedeliveryQueueURL is empty when there is no queue to put unfinished alerts in.
	RedeliveryQueueURL string `env:"REDELIVERY_QUEUE_URL"`
	// LedgerTable is empty when nothing remembers which alerts are done.
	LedgerTable string `env:"LEDGER_TABLE"`
	// EnrichBudget bounds all steps together, besides what the invocation's own
	// deadline leaves. It is above zero.
	EnrichBudget time.Duration `env:"ENRICH_BUDGET" envDefault:"5s"`
	// PlaybooksFile is empty when the embedded playbooks are to be used.
	PlaybooksFile string `env:"PLAYBOOKS_FILE"`
	// WebhookName is what Datadog calls our webhook. Our events carry it as a tag, by
	// which one stack's are told from another's.
	WebhookName string `env:"WEBHOOK_NAME" envDefault:"boomerang"`
}

// Webhook is the environment of functions/webhook. With Intake Queue,
// RedeliveryQueueURL is set.
type Webhook struct {
	Pipeline
	// WebhookSecretARN is the name or ARN of the secret with the incoming token.
	WebhookSecretARN string `env:"WEBHOOK_SECRET_ARN,required"`
	Intake           Intake `env:"INTAKE" envDefault:"direct"`
}

// Redeliver is the environment of functions/redeliver, which takes alerts from
// the queue and so knows no token.
type Redeliver struct {
	Pipeline
	// DeadLetterQueueURL is empty when a message that no try will finish is left
	// to the queue's redrive policy.
	DeadLetterQueueURL string `env:"DEAD_LETTER_QUEUE_URL"`
}

// Reconcile is the environment of functions/reconcile: it compares Datadog with
// the ledger and queues what is missing, so it needs both.
type Reconcile struct {
	Datadog
	RedeliveryQueueURL string `env:"REDELIVERY_QUEUE_URL,required"`
	LedgerTable        string `env:"LEDGER_TABLE,required"`
	// WebhookName is what Datadog calls our webhook: monitors name it as
	// @webhook-<WebhookName>.
	WebhookName string `env:"WEBHOOK_NAME" envDefault:"boomerang"`
}

// Drill is the environment of functions/drill, which is to the webhook what
// Datadog is.
type Drill struct {
	Datadog
	// WebhookSecretARN is the name or ARN of the secret with the token that the
	// webhook accepts.
	WebhookSecretARN string `env:"WEBHOOK_SECRET_ARN,required"`
	// FunctionURL is the webhook's address. It has no slash at its end.
	FunctionURL string `env:"FUNCTION_URL,required"`
}

// Setup is the environment of functions/setup, which makes what a stack needs
// inside Datadog, and rotates the token.
type Setup struct {
	Datadog
	// WebhookSecretARN is the name or ARN of the secret with the incoming token.
	WebhookSecretARN string `env:"WEBHOOK_SECRET_ARN,required"`
	// WebhookName is what Datadog calls our webhook, by which a rotation finds the
	// variable that holds the token.
	WebhookName string `env:"WEBHOOK_NAME" envDefault:"boomerang"`
}

// Redrive is the environment of whoever puts dead letters back into the queue.
type Redrive struct {
	RedeliveryQueueURL string `env:"REDELIVERY_QUEUE_URL,required"`
	DeadLetterQueueURL string `env:"DEAD_LETTER_QUEUE_URL,required"`
}

// Function is the environment of one function, or of a command that works on
// what the functions share.
type Function interface {
	Webhook | Redeliver | Reconcile | Drill | Redrive | Setup
}

// Intake says how much of its work the webhook does inside the request.
type Intake string

// The intakes.
const (
	Direct Intake = "direct" // enrich and post, and queue what fails
	Queue  Intake = "queue"  // authenticate, decode and queue
)

// Load reads F from environ, which env.ToMap makes of os.Environ. White space
// around a value does not count, and an empty value is no value. The error is a
// *fault.Error of kind Invalid with a line and a field for each bad variable. It
// quotes no value: a secret may have been put into the wrong variable.
func Load[F Function](environ map[string]string) (F, error) {
	var f, none F
	params, err := env.GetFieldParams(&f)
	if err != nil {
		return none, fmt.Errorf("read the env tags of %T: %w", f, err)
	}
	set := pick(environ, params)
	if problems := check(set, params); problems != nil {
		return none, invalid(problems)
	}
	if err := env.ParseWithOptions(&f, env.Options{Environment: set}); err != nil {
		return none, fmt.Errorf("read the environment into %T: %w", f, err)
	}
	return f, nil
}

// Names returns the variables that F has, in the order of its fields.
func Names[F Function]() []string {
	var f F
	params, err := env.GetFieldParams(&f)
	if err != nil {
		panic(err) // Only a tag that the package env does not know gets here.
	}
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = p.Key
	}
	return names
}

// pick returns the variables of params that have a value, tidied.
func pick(environ map[string]string, params []env.FieldParams) map[string]string {
	set := make(map[string]string, len(params))
	for _, p := range params {
		if value := strings.TrimSpace(environ[p.Key]); value != "" {
			set[p.Key] = value
		}
	}
	for _, name := range []string{apiURL, functionURL} {
		if address, ok := set[name]; ok {
			set[name] = strings.TrimRight(address, "/")
		}
	}
	return set
}

func check(set map[string]string, params []env.FieldParams) []fault.Field {
	var problems []fault.Field
	report := func(name, what string) {
		problems = append(problems, fault.Field{Name: name, Problem: what + ": set it to " + variables[name].set})
	}
	for _, p := range params {
		value, ok := set[p.Key]
		switch {
		case ok:
			if what := variables[p.Key].wrong(value); what != "" {
				report(p.Key, what)
			}
		case p.Required:
			report(p.Key, "is not set")
		case p.Key == queueURL && set[intake] == string(Queue):
			report(p.Key, "is not set, and INTAKE=queue needs it")
		}
	}
	return problems
}

func invalid(problems []fault.Field) error {
	var text strings.Builder
	text.WriteString("Boomerang cannot start with this environment:")
	for _, p := range problems {
		text.WriteString("\n  " + p.Name + " " + p.Problem)
	}
	f := fault.New(fault.Invalid, text.String(), nil)
	f.Fields = problems
	return f
}
