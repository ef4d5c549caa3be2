package functions_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/site"
)

// accepts reports whether the constraints of a parameter allow a value.
func (t tree) accepts(value string) bool {
	if allowed := t.list("AllowedValues"); allowed != nil && !slices.Contains(strings.Fields(strings.Trim(t.text("AllowedValues"), "[]")), value) {
		return false
	}
	if t.text("Type") == "Number" {
		n, err := strconv.Atoi(value)
		least, errLeast := strconv.Atoi(t.text("MinValue"))
		most, errMost := strconv.Atoi(t.text("MaxValue"))
		return err == nil && (errLeast != nil || n >= least) && (errMost != nil || n <= most)
	}
	return regexp.MustCompile(t.text("AllowedPattern")).MatchString(value)
}

func TestTemplate_Parameters(t *testing.T) {
	whole, _ := readTemplate(t)
	accepted := map[string][]string{
		"DatadogApiKey":           {"", strings.Repeat("x", 64)},
		"DatadogSecretArn":        {"", "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a/b-AbCdEf"},
		"Route":                   {"", "env:prod", `service:(a OR "b c") AND NOT env:dev`},
		"Notify":                  {"", "@slack-sre", "@slack-sre @pagerduty-Boomerang", "@ada@example.com"},
		"RotateTokenDays":         {"0", "1", "1000"},
		"PlaybooksFile":           {"", "default.yaml", "own/mine.yaml", "own/trial/my playbooks.yml", "/opt/playbooks.yaml", "/opt/a/b.yaml"},
		"PlaybooksLayerArn":       {"", "arn:aws:lambda:eu-west-1:123456789012:layer:playbooks:3"},
		"LambdaStepFunctionArns":  {"", "arn:aws:lambda:eu-west-1:123456789012:function:capacity", "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:a_b-c:$LATEST"},
		"HttpStepSecretArns":      {"", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-AbCdEf", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a/b-??????"},
		"DrillSchedule":           {"", "rate(1 minute)", "rate(12 hours)", "cron(0 7 * * ? *)"},
		"AlarmTopicArn":           {"", "arn:aws:sns:eu-west-1:123456789012:alarms"},
		"DatadogExtensionVersion": {"0", "99", "101"},
		"Version":                 {"", "1.2.3", "a1b2c3d"},
		"Environment":             {"prod", "staging-2"},
		"WebhookName":             {"boomerang", "Torq"},
	}
	rejected := map[string][]string{
		"DatadogApiKey":           {"short", `0123456789abcdef0123456789","a":"`},
		"DatadogAppKey":           {"short"},
		"DatadogSecretArn":        {"boomerang/datadog"},
		"DatadogSite":             {"app.datadoghq.com"},
		"Setup":                   {"yes"},
		"Route":                   {" env:prod"},
		"Notify":                  {"slack-sre", "@slack-sre, @b", "@a  @b"},
		"RotateTokenDays":         {"-1", "1001", "monthly"},
		"Intake":                  {"both"},
		"EnrichBudget":            {"5", "5m"},
		"Architecture":            {"amd64", ""},
		"PlaybooksFile":           {"/var/task/x.yaml", "own/../x.yaml", "own/mine.csv", "mine.yaml", "/opt/.hidden.yaml"},
		"PlaybooksLayerArn":       {"arn:aws:lambda:eu-west-1:123456789012:layer:playbooks"},
		"LambdaStepFunctionArns":  {"capacity", "arn:aws:lambda:eu-west-1:123456789012:function:*"},
		"HttpStepSecretArns":      {"a/b", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:*"},
		"WorkerConcurrency":       {"1", "1001"}, // AWS accepts 2 to 1,000.
		"Reconcile":               {"true"},
		"AlarmTopicArn":           {"alarms"},
		"DrillSchedule":           {"1 hour", "rate(1h)", "every hour"},
		"LogLevel":                {"ERROR"}, // MissingAlertAlarm counts a warning.
		"LogRetentionDays":        {"2"},
		"DatadogExtensionVersion": {"latest"},
		"Version":                 {"1.2 beta"},
		"Environment":             {"", "Production"},
		"WebhookName":             {"@webhook-boomerang", ""},
	}
	var grouped, all []string
	for _, group := range whole.list("Metadata", "AWS::CloudFormation::Interface", "ParameterGroups") {
		grouped = append(grouped, strings.Fields(strings.Trim(tree(group.(map[string]any)).text("Parameters"), "[]"))...)
	}
	for name := range whole.part("Parameters") {
		p := whole.part("Parameters", name)
		all = append(all, name)
		if p.text("Description") == "" || !p.accepts(p.text("Default")) {
			t.Errorf("%s has no description, or rejects its default", name)
		}
		for _, value := range accepted[name] {
			if !p.accepts(value) {
				t.Errorf("%s rejects %q", name, value)
			}
		}
		for _, value := range rejected[name] {
			if p.accepts(value) {
				t.Errorf("%s accepts %q", name, value)
			}
		}
	}
	slices.Sort(grouped)
	slices.Sort(all)
	if diff := cmp.Diff(all, grouped); diff != "" {
		t.Errorf("in groups (-parameters +groups):\n%s", diff)
	}
	var sites []any
	for _, s := range site.All() {
		sites = append(sites, s.String())
	}
	if diff := cmp.Diff(sites, whole.list("Parameters", "DatadogSite", "AllowedValues")); diff != "" {
		t.Errorf("sites (-want +got):\n%s", diff)
	}
	for _, key := range []string{"DatadogApiKey", "DatadogAppKey"} {
		if whole.text("Parameters", key, "NoEcho") != "true" {
			t.Errorf("%s is shown to everyone who may describe the stack", key)
		}
	}
	for name := range whole.part("Outputs") {
		if o := whole.part("Outputs", name); o.text("Description") == "" || strings.Contains(o.text("Value"), "DatadogA") {
			t.Errorf("the output %s has no description, or shows a key", name)
		}
	}
}

// holds evaluates the condition of a rule, which has its functions in their long form.
func holds(condition any, parameters map[string]string) bool {
	for name, arguments := range condition.(map[string]any) {
		list, _ := arguments.([]any)
		is := func(c any) bool { return holds(c, parameters) }
		switch name {
		case "Fn::Or":
			return slices.ContainsFunc(list, is)
		case "Fn::And":
			return !slices.ContainsFunc(list, func(c any) bool { return !is(c) })
		case "Fn::Not":
			return !is(list[0])
		case "Fn::Equals":
			return parameters[tree(list[0].(map[string]any)).text("Ref")] == list[1]
		}
	}
	panic("unknown condition")
}

func TestTemplate_Rules(t *testing.T) {
	whole, _ := readTemplate(t)
	for _, c := range []struct {
		rule       string
		parameters map[string]string
		want       bool
	}{
		{"DatadogKeys", map[string]string{"DatadogApiKey": "a", "DatadogAppKey": "b"}, true},
		{"DatadogKeys", map[string]string{"DatadogSecretArn": "arn"}, true},
		{"DatadogKeys", nil, false},
		{"DatadogKeys", map[string]string{"DatadogApiKey": "a"}, false},
		{"DatadogKeys", map[string]string{"DatadogAppKey": "b"}, false},
		{"DatadogKeys", map[string]string{"DatadogApiKey": "a", "DatadogAppKey": "b", "DatadogSecretArn": "arn"}, false},
		{"DatadogKeys", map[string]string{"DatadogApiKey": "a", "DatadogSecretArn": "arn"}, false},
		{"DatadogKeys", map[string]string{"DatadogAppKey": "b", "DatadogSecretArn": "arn"}, false},
		{"LayerNeedsFile", map[string]string{"PlaybooksLayerArn": "arn", "PlaybooksFile": "/opt/a.yaml"}, true},
		{"LayerNeedsFile", map[string]string{"PlaybooksLayerArn": "arn", "PlaybooksFile": ""}, false},
		{"LayerNeedsFile", map[string]string{"PlaybooksLayerArn": "", "PlaybooksFile": ""}, true},
		{"RouteNeedsSetup", map[string]string{"Setup": "DISABLED", "Route": ""}, true},
		{"RouteNeedsSetup", map[string]string{"Setup": "DISABLED", "Route": "env:prod"}, false},
		{"RouteNeedsSetup", map[string]string{"Setup": "ENABLED", "Route": "env:prod"}, true},
		{"RotationNeedsSetup", map[string]string{"Setup": "DISABLED", "RotateTokenDays": "0"}, true},
		{"RotationNeedsSetup", map[string]string{"Setup": "DISABLED", "RotateTokenDays": "30"}, false},
		{"RotationNeedsSetup", map[string]string{"Setup": "ENABLED", "RotateTokenDays": "30"}, true},
	} {
		for _, assertion := range whole.list("Rules", c.rule, "Assertions") {
			if got := holds(assertion.(map[string]any)["Assert"], c.parameters); got != c.want {
				t.Errorf("%s with %v: %t", c.rule, c.parameters, got)
			}
		}
	}
}
