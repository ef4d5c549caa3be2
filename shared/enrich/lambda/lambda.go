// Package lambda is the step "lambda": it asks a function of the user's own about
// the alert, so that an enrichment can be written in any language.
//
// The function is invoked with
//
//	{
//	  "alert": {
//	    "id": "8306082202796025694", "monitor_id": "4711", "transition": "Triggered", "date": "2026-11-21T12:00:00Z",
//	    "title": "[P1] [Triggered] Disk is full", "hostname": "db-1", "tags": ["env:prod", "service:orders"], …
//	  },
//	  "with": {"pool": "a"}
//	}
//
// where alert is the JSON of alert.Alert, whole and as the queue has it: what the
// alert does not say is left out. Playbooks see the alert cut to a bound, with every
// name there, and under names of their own, as they are read by people: host, a map
// of tags, recovered. What a function is to have of these is told it by with, which
// is what the playbook says: {host: "{{ .alert.host }}"}. Its answer is
//
//	{
//	  "title": "Capacity",
//	  "facts": [{"name": "Free", "value": "12 %"}],
//	  "links": [{"title": "Plan", "url": "https://…", "kind": "runbook"}],
//	  "data":  {"free": 12}
//	}
//
// of which every part may be left out. An empty answer says that the function has
// nothing to say about the alert. Our own function's role needs
// lambda:InvokeFunction on the user's.
package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Name is the step's name in playbooks, answers and events.
const Name = "lambda"

// Permission is what our function's role needs on the user's function.
const Permission = "lambda:InvokeFunction"

// Invoker is what the step needs of AWS Lambda; *lambda.Client of its SDK is one.
type Invoker interface {
	Invoke(context.Context, *sdk.InvokeInput, ...func(*sdk.Options)) (*sdk.InvokeOutput, error)
}

var _ Invoker = (*sdk.Client)(nil)

// Config says which function to ask, and what to tell it besides the alert.
type Config struct {
	Function string            `yaml:"function" required:"true" doc:"Name or ARN of the function to invoke, with :version or :alias behind it where one is meant; the README shows its event."`
	With     map[string]string `yaml:"with" doc:"What the function is told besides the alert, as the object 'with' of its event, such as host: '{{ .alert.host }}'."`
}

// The form of names and ARNs, partial ones among them
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax).
var functionName = enrich.Pattern(`^(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$`)

// Validate returns what is wrong with the configuration as it stands in a playbook.
func (c Config) Validate() error {
	switch {
	case c.Function == "":
		return errors.New("function: name the function to invoke, or write its ARN")
	case strings.Contains(c.Function, "{{"):
		return errors.New("function: an alert must not choose which function is invoked; write it without templates")
	case len(c.Function) > 170 || !functionName().MatchString(c.Function):
		return fmt.Errorf("function: %q is no name or ARN of a function", c.Function)
	}
	return nil
}

// event is what the function is invoked with.
type event struct {
	Alert alert.Alert       `json:"alert"`
	With  map[string]string `json:"with"`
}

// maxEventBytes is what AWS Lambda takes in one invocation
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxEventBytes = 6 << 20

// New returns the step. The function runs, and is waited for, once for each alert.
func New(invoker Invoker, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		told := event{Alert: a, With: c.With}
		if told.With == nil {
			told.With = map[string]string{}
		}
		payload, err := json.Marshal(told)
		if err != nil {
			return enrich.Finding{}, fault.New(fault.Internal, "the alert could not be written down for the function "+c.Function, err)
		}
		if len(payload) > maxEventBytes {
			return enrich.Finding{}, fault.New(fault.Permanent, "the alert is too large to tell the function "+c.Function, nil)
		}
		out, err := invoker.Invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String(c.Function), Payload: payload})
		if err != nil {
			return enrich.Finding{}, uninvoked(ctx, c.Function, err)
		}
		if out.FunctionError != nil {
			return enrich.Finding{}, broke(c.Function, out.Payload)
		}
		return found(c.Function, out.Payload)
	})
}
