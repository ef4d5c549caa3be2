package handler

import (
	"maps"
	"slices"
	"strings"

	"boomerang/functions/setup/provision"
	"boomerang/shared/fault"
)

// properties are the texts among the custom resource's properties in template.yaml, and
// whether each may be empty. Those after DeadLetterQueueName only make CloudFormation
// update the resource when the code, the organization or the token changes.
var properties = map[string]struct{ mayBeEmpty bool }{
	"FunctionUrl": {}, "WebhookName": {}, "StackName": {}, "Notify": {mayBeEmpty: true}, "Route": {mayBeEmpty: true}, "QueueName": {}, "DeadLetterQueueName": {},
	"ServiceToken": {}, "Revision": {mayBeEmpty: true}, "DatadogSite": {}, "DatadogSecretArn": {}, "WebhookSecretArn": {},
}

// functionNames is the only property that is a list, and serviceTimeout one that
// CloudFormation may add
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-customresource.html).
const (
	functionNames  = "FunctionNames"
	serviceTimeout = "ServiceTimeout"
)

// readSpec reads the properties strictly, because a misspelled one would have no effect.
// The error names all problems.
func readSpec(raw map[string]any) (provision.Spec, error) {
	spec := lenientSpec(raw)
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		if _, known := properties[name]; !known && name != functionNames && name != serviceTimeout {
			problems = append(problems, name+" is unknown")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		value, given := raw[name]
		s, isText := value.(string)
		switch {
		case !given:
			problems = append(problems, name+" is missing")
		case !isText:
			problems = append(problems, name+" is not a text")
		case strings.TrimSpace(s) == "" && !properties[name].mayBeEmpty:
			problems = append(problems, name+" is empty")
		}
	}
	names, isList := raw[functionNames].([]any)
	if !isList || len(names) == 0 || len(spec.Functions) != len(names) {
		problems = append(problems, functionNames+" is not a list of names")
	}
	if err := spec.Check(); err != nil && spec.FunctionURL != "" && spec.WebhookName != "" {
		problems = append(problems, fault.Public(err))
	}
	if len(problems) > 0 {
		return provision.Spec{}, fault.New(fault.Invalid, "the custom resource's properties are wrong: "+strings.Join(problems, ", "), nil)
	}
	return spec, nil
}

// lenientSpec reads what it can: a stack must be deletable although its properties were
// never right.
func lenientSpec(raw map[string]any) provision.Spec {
	var functions []string
	names, _ := raw[functionNames].([]any)
	for _, name := range names {
		if s, _ := name.(string); strings.TrimSpace(s) != "" {
			functions = append(functions, strings.TrimSpace(s))
		}
	}
	return provision.Spec{
		Stack: text(raw, "StackName"), FunctionURL: text(raw, "FunctionUrl"), WebhookName: text(raw, "WebhookName"), Notify: text(raw, "Notify"),
		Route: text(raw, "Route"),
		Queue: text(raw, "QueueName"), DeadLetterQueue: text(raw, "DeadLetterQueueName"), Functions: functions,
	}
}

func text(raw map[string]any, name string) string {
	s, _ := raw[name].(string)
	return strings.TrimSpace(s)
}
