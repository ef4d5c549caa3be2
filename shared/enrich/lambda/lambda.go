// Package lambda is the step "lambda": it invokes a function of the user with the
// alert, so that an enrichment can be written in any language.
//
// The function gets the event
//
//	{
//	  "alert": {
//	    "id": "8306082202796025694", "monitor_id": "4711", "transition": "Triggered", "date": "2026-11-21T12:00:00Z",
//	    "title": "[P1] [Triggered] Disk is full", "hostname": "db-1", "tags": ["env:prod", "service:orders"], …
//	  },
//	  "with": {"pool": "a"},
//	  "idempotency_key": "6f1ed002ab5595859014ebf0951522d9"
//	}
//
// where "alert" is the JSON form of alert.Alert without its empty fields, and "with"
// is what the playbook sets, such as {host: "{{ .alert.host }}"}. The idempotency key is
// the same when Boomerang repeats the call for this alert and step. The function returns
//
//	{
//	  "title": "Capacity",
//	  "facts": [{"name": "Free", "value": "12 %"}],
//	  "links": [{"title": "Plan", "url": "https://…", "kind": "runbook"}],
//	  "data":  {"free": 12}
//	}
//
// All fields are optional; after an empty response the step is skipped. Boomerang's
// role needs lambda:InvokeFunction on the function: the stack's parameter LambdaStepFunctionArns.
package lambda

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/httpx"
)

const permission = "lambda:InvokeFunction"

// Invoke is the method of the SDK's *lambda.Client that the step calls.
type Invoke func(context.Context, *sdk.InvokeInput, ...func(*sdk.Options)) (*sdk.InvokeOutput, error)

func Kind(invoke Invoke) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "lambda", Doc: "What a Lambda function of your own finds about the alert.",
		Grant: &enrich.Grant{Action: permission, Parameter: "LambdaStepFunctionArns", ARN: functionARN}, Data: Data{},
	}, func(c Config, _ time.Duration) enrich.Step { return newStep(invoke, c) })
}

type Config struct {
	Function string            `yaml:"function" required:"true" doc:"Name or ARN of the function to invoke, optionally with :version or :alias; the README shows its event."`
	With     map[string]string `yaml:"with" doc:"The object 'with' of the function's event, besides the alert, such as host: '{{ .alert.host }}'."`
}

// functionName matches names and ARNs, also partial ones
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax).
var functionName = alert.Pattern(`^(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$`)

const maxNameBytes = 170

func functionARN(config any, in enrich.Account) string {
	found := functionName().FindStringSubmatch(config.(Config).Function)
	if found == nil {
		return ""
	}
	part := func(i int, otherwise string) string { return cmp.Or(strings.TrimSuffix(found[i], ":"), otherwise) }
	return strings.Join([]string{"arn", part(2, in.Partition), "lambda", part(3, in.Region), part(5, in.ID), "function", found[7]}, ":") + found[8]
}

func (c Config) Validate() error {
	switch {
	case c.Function == "":
		return errors.New("function: set the name or ARN of the function to invoke")
	case strings.Contains(c.Function, "{{"):
		return errors.New("function: templates are not allowed, because an alert must not choose the function")
	case len(c.Function) > maxNameBytes || !functionName().MatchString(c.Function):
		return fmt.Errorf("function: %q is not the name or ARN of a function", c.Function)
	}
	return nil
}

// event is what the function gets.
type event struct {
	Alert alert.Alert       `json:"alert"`
	With  map[string]string `json:"with"`
	// IdempotencyKey is the same in all attempts of the step on the alert.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
}

// maxEventBytes is Lambda's limit for one invocation
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxEventBytes = 6 << 20

func newStep(invoke Invoke, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		with := c.With
		if with == nil {
			with = map[string]string{}
		}
		payload, err := json.Marshal(event{a, with, enrich.IdempotencyKey(ctx)})
		if err != nil {
			return enrich.Finding{}, fault.New(fault.Permanent, "cannot encode the alert for the function "+c.Function, err)
		}
		if len(payload) > maxEventBytes {
			return enrich.Finding{}, fault.New(fault.Permanent, "the alert is too large for the function "+c.Function, nil)
		}
		out, err := invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String(c.Function), Payload: payload})
		if err != nil {
			return enrich.Finding{}, invokeError(ctx, c.Function, err)
		}
		if out.FunctionError != nil {
			return enrich.Finding{}, functionError(c.Function, out.Payload)
		}
		f, err := newFinding(c.Function, out.Payload)
		if err != nil {
			err = enrich.Done(err)
		}
		return f, err
	})
}

// invokeError is the error of a call that did not run the function
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors).
func invokeError(ctx context.Context, function string, err error) error {
	err = httpx.WithContextCause(ctx, err)
	if httpx.IsTimeout(err) {
		return fault.New(fault.Temporary, "timeout of the function "+function, err)
	}
	if throttled, ok := errors.AsType[*types.TooManyRequestsException](err); ok {
		seconds, _ := strconv.ParseUint(aws.ToString(throttled.RetryAfterSeconds), 10, 16)
		return &fault.Error{
			Kind: fault.Temporary, RetryAfter: time.Duration(seconds) * time.Second, Cause: errors.New(throttled.ErrorCode()),
			Public: "the function " + function + " has reached its concurrency limit; raise its limit or the account's",
		}
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fault.New(fault.Temporary, "cannot reach AWS Lambda to invoke the function "+function, err)
	}
	status := 0
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
	}
	code := api.ErrorCode()
	err = fmt.Errorf("%d %s", status, code) // AWS's text may quote the alert.
	switch {
	case code == "ResourceNotFoundException":
		return fault.New(fault.Permanent, "there is no function "+function+" in this account and region", err)
	case code == "AccessDeniedException" || status == http.StatusForbidden:
		return fault.New(fault.Permanent, "no access to the function "+function+": allow "+permission+" on it by the stack's parameter LambdaStepFunctionArns", err)
	case status >= http.StatusInternalServerError:
		return fault.New(fault.Temporary, "AWS Lambda could not run the function "+function+" ("+code+")", err)
	default:
		return fault.New(fault.Permanent, "AWS Lambda refused to run the function "+function+" ("+code+")", err)
	}
}

// functionError is the error of a function that ran and failed. Every runtime
// reports it as an object (https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html).
func functionError(function string, payload []byte) error {
	var report struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}
	_ = json.Unmarshal(payload, &report) // Without such an object there are no details.
	failed, details := "the function "+function+" failed", ""
	if errorType := enrich.Line(report.Type, maxNameRunes); errorType != "" {
		details = " (" + errorType + ")"
	}
	if message := enrich.Line(report.Message, maxValueRunes); message != "" {
		details += ": " + message
	}
	return &fault.Error{Kind: fault.Permanent, Public: failed + details, Log: failed}
}

// The limits of what one function may add to an event.
const (
	maxResponseBytes = 256 << 10
	maxFacts         = 20
	maxLinks         = 10
	maxNameRunes     = 100
	maxValueRunes    = 300
)

// Data is what playbooks see: steps.x.data.free.
type Data struct {
	// Data is the object that the function returned.
	Data map[string]any `json:"data"`
}

// response is what the function returns.
type response struct {
	Title string `json:"title"`
	Facts []struct {
		Name  string          `json:"name"`
		Value json.RawMessage `json:"value"` // Any JSON value.
	} `json:"facts"`
	Links []enrich.Link              `json:"links"`
	Data  map[string]json.RawMessage `json:"data"`
}

func newFinding(function string, payload []byte) (enrich.Finding, error) {
	if len(payload) > maxResponseBytes {
		return enrich.Finding{}, fault.New(fault.Permanent, fmt.Sprintf("the response of the function %s is larger than %d KiB", function, maxResponseBytes>>10), nil)
	}
	var r response
	if len(bytes.TrimSpace(payload)) > 0 {
		if err := json.Unmarshal(payload, &r); err != nil {
			return enrich.Finding{}, fault.New(fault.Temporary, "the response of the function "+function+" is not a JSON object with title, facts, links and data", err)
		}
	}
	f := enrich.Finding{Weight: enrich.Useful, Blocks: r.blocks(), Data: Data{r.data()}}
	if len(f.Blocks) == 0 && len(r.Data) == 0 {
		return enrich.Finding{}, enrich.Skip("the function " + function + " has nothing on this alert")
	}
	name := function
	if _, short, isARN := strings.Cut(function, ":function:"); isARN {
		name = short
	}
	f.Title = cmp.Or(enrich.Line(r.Title, maxNameRunes), name)
	return f, nil
}

func (r response) data() map[string]any {
	if r.Data == nil {
		return nil
	}
	data := make(map[string]any, len(r.Data))
	for key, raw := range r.Data {
		data[key], _ = enrich.DecodeJSON(raw) // It is valid: it was decoded already.
	}
	return data
}

func (r response) blocks() []enrich.Block {
	var facts enrich.Facts
	for _, fact := range r.Facts {
		value, _ := enrich.DecodeJSON(fact.Value) // Without a value the fact is dropped.
		if name := enrich.Line(fact.Name, maxNameRunes); name != "" {
			facts = append(facts, enrich.Fact{Name: name, Value: enrich.Text(value)})
		}
	}
	facts = facts.Known(maxValueRunes)
	var links enrich.Links
	for _, link := range r.Links {
		if !enrich.IsWebURL(link.URL) {
			continue
		}
		if !slices.Contains([]string{"runbook", "documentation", "dashboard", "resource"}, link.Kind) {
			link.Kind = ""
		}
		link.Title = cmp.Or(enrich.Line(link.Title, maxNameRunes), enrich.Line(link.URL, maxNameRunes))
		links = append(links, link)
	}
	return enrich.Blocks(facts[:min(len(facts), maxFacts)], links[:min(len(links), maxLinks)])
}
