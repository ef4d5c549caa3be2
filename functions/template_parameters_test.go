package functions_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/site"
)

func TestTemplate_offers_every_site(t *testing.T) {
	var sites []string
	for _, s := range site.All() {
		sites = append(sites, s.String())
	}
	if diff := cmp.Diff(sites, texts(read(t).part("Parameters", "DatadogSite")["AllowedValues"])); diff != "" {
		t.Errorf("allowed values of DatadogSite (-want +got):\n%s", diff)
	}
}

func TestTemplate_wants_the_keys_once(t *testing.T) {
	const sentence = "either both DatadogApiKey and DatadogAppKey, or DatadogSecretArn alone"
	for name, c := range map[string]struct {
		api, app, secret string
		fine             bool
	}{
		"both keys":             {fakeKey, fakeKey, "", true},
		"a secret":              {"", "", keysARN, true},
		"nothing":               {"", "", "", false},
		"one key":               {fakeKey, "", "", false},
		"the other key":         {"", fakeKey, "", false},
		"keys and a secret":     {fakeKey, fakeKey, keysARN, false},
		"one key and a secret":  {fakeKey, "", keysARN, false},
		"the other and the ARN": {"", fakeKey, keysARN, false},
	} {
		t.Run(name, func(t *testing.T) {
			refused := deploy(t, map[string]string{"DatadogApiKey": c.api, "DatadogAppKey": c.app, "DatadogSecretArn": c.secret}).refused
			if c.fine && len(refused) > 0 || !c.fine && (len(refused) != 1 || !strings.Contains(refused[0], sentence)) {
				t.Errorf("got %q", refused)
			}
		})
	}
}

func TestTemplate_takes_only_what_works(t *testing.T) {
	taken := map[string][]string{
		"DatadogApiKey":           {strings.Repeat("x", 64)},
		"DatadogSecretArn":        {"arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a/b-AbCdEf"},
		"Notify":                  {"", "@slack-sre", "@slack-sre @pagerduty-Boomerang", "@ada@example.com"},
		"RotateTokenDays":         {"0", "1", "1000"},
		"DrillSchedule":           {"", "rate(1 minute)", "rate(12 hours)", "cron(0 7 * * ? *)"},
		"AlarmTopicArn":           {"", "arn:aws:sns:eu-west-1:123456789012:alarms"},
		"DatadogExtensionVersion": {"0", "99", "101"},
		"Version":                 {"", "1.2.3", "a1b2c3d"},
		"Environment":             {"prod", "staging-2"},
		"WebhookName":             {"boomerang", "Torq"},
	}
	refused := map[string][]string{
		"DatadogApiKey":           {"short", `0123456789abcdef0123456789","a":"`},
		"DatadogSecretArn":        {"boomerang/datadog"},
		"DatadogSite":             {"app.datadoghq.com"},
		"Setup":                   {"yes"},
		"Notify":                  {"slack-sre", "@slack-sre, @b", "@a  @b"},
		"RotateTokenDays":         {"-1", "1001", "monthly"},
		"Intake":                  {"both"},
		"EnrichBudget":            {"5", "5m"},
		"WorkerConcurrency":       {"1", "1001"}, // AWS takes 2 to 1,000
		"Reconcile":               {"true"},
		"AlarmTopicArn":           {"alarms"},
		"DrillSchedule":           {"1 hour", "rate(1h)", "every hour"},
		"LogLevel":                {"ERROR"}, // MissingAlertAlarm counts a warning
		"LogRetentionDays":        {"2"},
		"DatadogExtensionVersion": {"latest"},
		"Version":                 {"1.2 beta"},
		"Environment":             {"", "Production"},
		"WebhookName":             {"@webhook-boomerang", ""},
	}
	for name, values := range taken {
		for _, v := range values {
			if got := deploy(t, with(base(name), name, v)).refused; len(got) > 0 {
				t.Errorf("%s=%s: %q", name, v, got)
			}
		}
	}
	for name, values := range refused {
		for _, v := range values {
			if got := deploy(t, with(base(name), name, v)).refused; len(got) != 1 || !strings.HasPrefix(got[0], name) {
				t.Errorf("%s=%s: %q", name, v, got)
			}
		}
	}
}

// base gives the keys in the way that leaves a parameter free to try.
func base(parameter string) map[string]string {
	if parameter == "DatadogSecretArn" {
		return map[string]string{}
	}
	return withKeys
}

func TestTemplate_refuses_to_rotate_what_it_did_not_set_up(t *testing.T) {
	for days, want := range map[string]int{"0": 0, "30": 1} {
		refused := deploy(t, with(withKeys, "Setup", "DISABLED", "RotateTokenDays", days)).refused
		if len(refused) != want || want == 1 && !strings.Contains(refused[0], "RotateTokenDays must be 0") {
			t.Errorf("%s days: %q", days, refused)
		}
	}
}

func TestTemplate_hides_the_keys(t *testing.T) {
	for _, name := range []string{"DatadogApiKey", "DatadogAppKey"} {
		if read(t).part("Parameters", name)["NoEcho"] != true {
			t.Errorf("%s is shown to whoever may look at the stack", name)
		}
	}
	for name, output := range deploy(t, withKeys).outputs {
		if strings.Contains(get(output, "Value").(string), fakeKey) {
			t.Errorf("the output %s shows a key", name)
		}
	}
}

func TestTemplate_is_described(t *testing.T) {
	whole := read(t)
	for _, section := range []string{"Parameters", "Outputs"} {
		for name := range whole.part(section) {
			if said, _ := whole.part(section, name)["Description"].(string); said == "" {
				t.Errorf("%s in %s has no description", name, section)
			}
		}
	}
}

func TestTemplate_groups_every_parameter_once(t *testing.T) {
	whole := read(t)
	var grouped, all []string
	for _, group := range items(whole.part("Metadata", "AWS::CloudFormation::Interface")["ParameterGroups"]) {
		grouped = append(grouped, texts(get(group, "Parameters"))...)
	}
	for name := range whole.part("Parameters") {
		all = append(all, name)
	}
	slices.Sort(grouped)
	slices.Sort(all)
	if diff := cmp.Diff(all, grouped); diff != "" {
		t.Errorf("in groups (-parameters +groups):\n%s", diff)
	}
}
