// Package config reads a function's environment into a struct and reports all problems
// together. The AWS SDK reads its own variables.
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
	// APIURL, if set, replaces https://api.<Site> and the host of the v2 Events API. It
	// has no trailing slash.
	APIURL string `env:"DATADOG_API_URL"`
}

// Base returns what a function's configuration embeds.
func (d Datadog) Base() Datadog { return d }

// Pipeline is what the alert pipeline needs.
type Pipeline struct {
	Datadog
	// RedeliveryQueueURL is empty without a queue for alerts to retry.
	RedeliveryQueueURL string `env:"REDELIVERY_QUEUE_URL"`
	// FollowUpQueueURL is empty without a queue for follow-ups, and then none is posted.
	FollowUpQueueURL string `env:"FOLLOW_UP_QUEUE_URL"`
	// LedgerTable is empty if alerts are not deduplicated.
	LedgerTable string `env:"LEDGER_TABLE"`
	// EnrichBudget bounds all steps together. It is above zero.
	EnrichBudget time.Duration `env:"ENRICH_BUDGET" envDefault:"5s"`
	// PlaybooksFile is empty for the embedded playbooks.
	PlaybooksFile string `env:"PLAYBOOKS_FILE"`
	// WebhookName is the webhook's name in Datadog. It is a tag of our events, which
	// tells one stack's events from another's.
	WebhookName string `env:"WEBHOOK_NAME" envDefault:"boomerang"`
}

// Webhook is the environment of functions/webhook. With Intake Queue,
// RedeliveryQueueURL is set.
type Webhook struct {
	Pipeline
	// WebhookSecretARN is the name or ARN of the secret with the webhook's token.
	WebhookSecretARN string `env:"WEBHOOK_SECRET_ARN,required"`
	Intake           Intake `env:"INTAKE" envDefault:"direct"`
}

// Redeliver is the environment of functions/redeliver.
type Redeliver struct {
	Pipeline
	// DeadLetterQueueURL is empty if failed messages are left to the queue's redrive policy.
	DeadLetterQueueURL string `env:"DEAD_LETTER_QUEUE_URL"`
}

// Reconcile is the environment of functions/reconcile.
type Reconcile struct {
	Datadog
	RedeliveryQueueURL string `env:"REDELIVERY_QUEUE_URL,required"`
	LedgerTable        string `env:"LEDGER_TABLE,required"`
	// WebhookName is the webhook's name: monitors mention it as @webhook-<WebhookName>.
	WebhookName string `env:"WEBHOOK_NAME" envDefault:"boomerang"`
}

// Drill is the environment of functions/drill.
type Drill struct {
	Datadog
	// WebhookSecretARN is the name or ARN of the secret with the webhook's token.
	WebhookSecretARN string `env:"WEBHOOK_SECRET_ARN,required"`
	// FunctionURL is the webhook's URL, without a trailing slash.
	FunctionURL string `env:"FUNCTION_URL,required"`
}

// Setup is the environment of functions/setup.
type Setup struct {
	Datadog
	// WebhookSecretARN is the name or ARN of the secret with the webhook's token.
	WebhookSecretARN string `env:"WEBHOOK_SECRET_ARN,required"`
	// WebhookName finds the Datadog variable that holds the token.
	WebhookName string `env:"WEBHOOK_NAME" envDefault:"boomerang"`
}

// Redrive is the environment of the command that moves messages out of the dead-letter queue.
type Redrive struct {
	RedeliveryQueueURL string `env:"REDELIVERY_QUEUE_URL,required"`
	DeadLetterQueueURL string `env:"DEAD_LETTER_QUEUE_URL,required"`
}

// Function is the environment of a function or a command.
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

// Load trims values and treats an empty value as unset. The error is a *fault.Error of
// kind Invalid with a line and a field for each problem. It quotes no value, because a
// secret may be in the wrong variable.
func Load[F Function](environ map[string]string) (F, error) {
	var f, none F
	params, err := env.GetFieldParams(&f)
	if err != nil {
		return none, fmt.Errorf("read the env tags of %T: %w", f, err)
	}
	set := trimmed(environ, params)
	if problems := validate(set, params); problems != nil {
		return none, invalid(problems)
	}
	if err := env.ParseWithOptions(&f, env.Options{Environment: set}); err != nil {
		return none, fmt.Errorf("read the environment into %T: %w", f, err)
	}
	return f, nil
}

// Names returns the variables of F.
func Names[F Function]() (names []string) {
	params, _ := env.GetFieldParams(new(F)) // Only a wrong tag in this file fails, as Load says.
	for _, p := range params {
		names = append(names, p.Key)
	}
	return names
}

// trimmed returns the variables that have a value.
func trimmed(environ map[string]string, params []env.FieldParams) map[string]string {
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

func validate(set map[string]string, params []env.FieldParams) []fault.Field {
	var problems []fault.Field
	report := func(name, what string) {
		problems = append(problems, fault.Field{Name: name, Problem: what + ": set it to " + variables[name].want})
	}
	for _, p := range params {
		value, ok := set[p.Key]
		switch {
		case ok:
			if what := variables[p.Key].validate(value); what != "" {
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
