package handler

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"boomerang/functions/setup/installation"
	"boomerang/shared/fault"
)

// properties are those of the custom resource in template.yaml.
type properties struct {
	FunctionURL     string
	WebhookName     string
	StackName       string
	Notify          string
	Queue           string
	DeadLetterQueue string
	Functions       []string
}

// needed are the properties that the template must give, by name, and whether they
// may be empty. ServiceToken is CloudFormation's own.
var needed = map[string]struct{ mayBeEmpty bool }{
	"ServiceToken":        {},
	"FunctionUrl":         {},
	"WebhookName":         {},
	"StackName":           {},
	"Notify":              {mayBeEmpty: true},
	"QueueName":           {},
	"DeadLetterQueueName": {},
	"FunctionNames":       {},
	"Revision":            {mayBeEmpty: true},
	"DatadogSite":         {},
	"DatadogSecretArn":    {},
	"WebhookSecretArn":    {},
}

// noticed are the properties that mean nothing but that a change of one is an update:
// other code, another organisation, another token. What they name is read where it is
// always read.
var noticed = []string{"Revision", "DatadogSite", "DatadogSecretArn", "WebhookSecretArn"}

// added are properties that CloudFormation adds by itself
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-customresource.html).
var added = []string{"ServiceTimeout"}

// readProperties reads them strictly, because a misspelt one would silently do
// nothing. The error names all that is wrong in one sentence.
func readProperties(raw map[string]any) (properties, error) {
	var problems []string
	text := func(name string) string {
		value, given := raw[name]
		s, isText := value.(string)
		switch {
		case !given:
			problems = append(problems, name+" is missing")
		case !isText:
			problems = append(problems, name+" is no text")
		case strings.TrimSpace(s) == "" && !needed[name].mayBeEmpty:
			problems = append(problems, name+" is empty")
		}
		return strings.TrimSpace(s)
	}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		if _, known := needed[name]; !known && !slices.Contains(added, name) {
			problems = append(problems, name+" is unknown")
		}
	}
	for _, name := range append([]string{"ServiceToken"}, noticed...) {
		_ = text(name)
	}
	p := properties{
		FunctionURL: text("FunctionUrl"), WebhookName: text("WebhookName"), StackName: text("StackName"), Notify: text("Notify"),
		Queue: text("QueueName"), DeadLetterQueue: text("DeadLetterQueueName"),
	}
	p.Functions = list(raw, "FunctionNames", &problems)
	problems = append(problems, p.wrong()...)
	if len(problems) > 0 {
		return properties{}, fault.New(fault.Invalid, "the custom resource's properties are wrong: "+strings.Join(problems, ", "), nil)
	}
	return p, nil
}

// list reads a list of texts that are not empty.
func list(raw map[string]any, name string, problems *[]string) []string {
	value, given := raw[name]
	elements, isList := value.([]any)
	switch {
	case !given:
		*problems = append(*problems, name+" is missing")
	case !isList || len(elements) == 0:
		*problems = append(*problems, name+" is no list of names")
	}
	var texts []string
	for _, element := range elements {
		s, isText := element.(string)
		if !isText || strings.TrimSpace(s) == "" {
			*problems = append(*problems, name+" holds something else than names")
			break
		}
		texts = append(texts, strings.TrimSpace(s))
	}
	return texts
}

// wrong says what cannot work although it is there.
func (p properties) wrong() (problems []string) {
	if err := p.spec("").Check(); err != nil && p.FunctionURL != "" && p.WebhookName != "" {
		problems = append(problems, fault.Public(err))
	}
	return problems
}

func (p properties) spec(formerURL string) installation.Spec {
	return installation.Spec{
		Stack: p.StackName, FunctionURL: p.FunctionURL, FormerURL: formerURL, WebhookName: p.WebhookName, Notify: p.Notify,
		Queue: p.Queue, DeadLetterQueue: p.DeadLetterQueue, Functions: p.Functions,
	}
}

// formerURL is what the webhook called until this update.
func formerURL(old map[string]any) string {
	url, _ := old["FunctionUrl"].(string)
	return strings.TrimSpace(url)
}

// leniently reads as much as a removal needs: a stack whose properties were never
// right must be deletable all the same.
func leniently(raw map[string]any) (p properties, enough bool) {
	encoded, err := json.Marshal(raw)
	if err != nil {
		return properties{}, false
	}
	var in struct{ FunctionUrl, WebhookName, StackName, QueueName, DeadLetterQueueName string } //nolint:revive // The template's own names.
	if err := json.Unmarshal(encoded, &in); err != nil {
		return properties{}, false
	}
	p = properties{
		FunctionURL: in.FunctionUrl, WebhookName: in.WebhookName, StackName: in.StackName,
		Queue: in.QueueName, DeadLetterQueue: in.DeadLetterQueueName,
	}
	return p, p.FunctionURL != "" && p.WebhookName != "" && p.StackName != ""
}
