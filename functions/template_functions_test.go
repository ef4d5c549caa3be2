package functions_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/config"
	"boomerang/shared/site"
)

// others are the variables that no code of ours reads, with who does.
var others = map[string]string{
	"AWS_ENDPOINT_URL":      "the AWS SDK",
	"DD_API_KEY_SECRET_ARN": "the Datadog Lambda Extension",
	"DD_SERVICE":            "the Datadog Lambda Extension",
	"DD_ENV":                "the Datadog Lambda Extension",
	"DD_VERSION":            "the Datadog Lambda Extension",
}

// functions says which variables each function reads, why the template leaves some
// of them out, and what the function's role allows, by resource.
var functions = map[string]struct {
	reads   []string
	leftOut map[string]string
	allowed map[string][]string
}{
	"WebhookFunction": {
		reads:   config.Names[config.Webhook](),
		leftOut: embedded,
		allowed: map[string][]string{
			ourKeys:               readSecret,
			"WebhookSecret":       readSecret,
			"WebhookLogGroup.Arn": writeLogs,
			"LedgerTable.Arn":     workOnAlerts,
			"RedeliveryQueue.Arn": {"sqs:SendMessage"},
		},
	},
	"RedeliverFunction": {
		reads:   config.Names[config.Redeliver](),
		leftOut: embedded,
		allowed: map[string][]string{
			ourKeys:                 readSecret,
			"RedeliverLogGroup.Arn": writeLogs,
			"LedgerTable.Arn":       workOnAlerts,
			"RedeliveryQueue.Arn":   {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"},
			"DeadLetterQueue.Arn":   {"sqs:SendMessage"},
		},
	},
	"ReconcileFunction": {
		reads: config.Names[config.Reconcile](),
		allowed: map[string][]string{
			ourKeys:                 readSecret,
			"ReconcileLogGroup.Arn": writeLogs,
			"LedgerTable.Arn":       {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
			"RedeliveryQueue.Arn":   {"sqs:SendMessage"},
		},
	},
	"SetupFunction": {
		reads: config.Names[config.Setup](),
		allowed: map[string][]string{
			ourKeys:             readSecret,
			"WebhookSecret":     {"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"},
			"SetupLogGroup.Arn": writeLogs,
		},
	},
	"DrillFunction": {
		reads: config.Names[config.Drill](),
		allowed: map[string][]string{
			ourKeys:             readSecret,
			"WebhookSecret":     readSecret,
			"DrillLogGroup.Arn": writeLogs,
		},
	},
}

var (
	embedded     = map[string]string{"PLAYBOOKS_FILE": "what the binary embeds is what is deployed"}
	readSecret   = []string{"secretsmanager:GetSecretValue"}
	writeLogs    = []string{"logs:CreateLogStream", "logs:PutLogEvents"}
	workOnAlerts = []string{"dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
)

func TestTemplate_Environment(t *testing.T) {
	for name, r := range serverlessFunctions(t, deploy(t, everything(withKeys))) {
		t.Run(name, func(t *testing.T) {
			f, ok := functions[name]
			if !ok {
				t.Fatalf("this test does not know what %s reads: add it to the table", name)
			}
			set := environment(t, r)
			for variable := range set {
				if _, isOthers := others[variable]; !isOthers && !slices.Contains(f.reads, variable) {
					t.Errorf("%s is set, and nothing reads it", variable)
				}
				if reason, ok := f.leftOut[variable]; ok {
					t.Errorf("%s is set, and this test says it is left out because %s", variable, reason)
				}
			}
			for _, variable := range f.reads {
				_, isSet := set[variable]
				_, isLeftOut := f.leftOut[variable]
				if !isSet && !isLeftOut {
					t.Errorf("%s is read, and the template does not set it", variable)
				}
			}
			for variable := range f.leftOut {
				if !slices.Contains(f.reads, variable) {
					t.Errorf("%s is in this test's list of what is left out, and nothing reads it", variable)
				}
			}
		})
	}
}

func TestTemplate_starts_with_its_defaults(t *testing.T) {
	for secret, parameters := range map[string]map[string]string{keysARN: withSecret, ourKeys: withKeys} {
		d := deploy(t, with(parameters, "DrillSchedule", "rate(1 hour)"))
		keys := config.Datadog{DatadogSecretARN: secret, Site: site.Default}
		pipeline := config.Pipeline{Datadog: keys, RedeliveryQueueURL: urlOf("RedeliveryQueue"), LedgerTable: "LedgerTable", EnrichBudget: 5 * time.Second, WebhookName: "boomerang"}
		starts(t, d, "WebhookFunction", config.Webhook{Pipeline: pipeline, WebhookSecretARN: "WebhookSecret", Intake: config.Direct})
		starts(t, d, "RedeliverFunction", config.Redeliver{Pipeline: pipeline, DeadLetterQueueURL: urlOf("DeadLetterQueue")})
		starts(t, d, "ReconcileFunction", config.Reconcile{
			Datadog: keys, RedeliveryQueueURL: urlOf("RedeliveryQueue"), LedgerTable: "LedgerTable", WebhookName: "boomerang",
		})
		starts(t, d, "SetupFunction", config.Setup{Datadog: keys, WebhookSecretARN: "WebhookSecret", WebhookName: "boomerang"})
		starts(t, d, "DrillFunction", config.Drill{Datadog: keys, WebhookSecretARN: "WebhookSecret", FunctionURL: "https://webhook.example"})
	}
}

// starts checks the configuration that a function reads from its environment.
func starts[F config.Function](t *testing.T, d deployed, name string, want F) {
	t.Helper()
	environ := environment(t, d.resources[name])
	for variable, value := range environ {
		if value == "WebhookFunctionUrl.FunctionUrl" {
			environ[variable] = "https://webhook.example/"
		}
	}
	got, err := config.Load[F](environ)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the configuration of %s (-want +got):\n%s", name, diff)
	}
}

func TestTemplate_Functions(t *testing.T) {
	d := deploy(t, everything(withKeys))
	for name, r := range serverlessFunctions(t, d) {
		t.Run(name, func(t *testing.T) {
			want := map[string]any{
				"Handler":       "bootstrap", // the one file that provided.al2023 starts
				"Runtime":       "provided.al2023",
				"Architectures": []any{"arm64"},
			}
			got := make(map[string]any)
			for property := range want {
				got[property] = r.properties[property]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("properties (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(any(map[string]any{"BuildMethod": "go1.x"}), r.whole["Metadata"]); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			uri, _ := r.properties["CodeUri"].(string)
			if _, err := os.Stat(filepath.Join("..", uri, "main.go")); err != nil {
				t.Errorf("CodeUri %q holds no main package: %v", uri, err)
			}
			group, _ := get(r.properties, "LoggingConfig", "LogGroup").(string)
			kept := map[string]any{"LogGroupName": "/aws/lambda/boomerang-" + filepath.Base(uri), "RetentionInDays": "30"}
			if diff := cmp.Diff(kept, d.resources[group].properties); diff != "" {
				t.Errorf("the log group %q, which is to be the function's own and not kept for ever (-want +got):\n%s", group, diff)
			}
			if get(r.properties, "LoggingConfig", "LogFormat") != "JSON" {
				t.Error("LogFormat must be JSON: the function writes JSON, and Lambda filters by level only then")
			}
			if r.properties["Policies"] != nil || r.properties["Role"] == nil {
				t.Error("give the function a role of its own: the one that SAM makes may write to every log group")
			}
			if limit, ok := r.properties["ReservedConcurrentExecutions"]; ok {
				t.Errorf("ReservedConcurrentExecutions is %v, want none: what is throttled is late or lost", limit)
			}
		})
	}
}

func TestTemplate_deploys_every_function(t *testing.T) {
	mains, err := filepath.Glob("*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var folders, deployed []string
	for _, main := range mains {
		if folder := filepath.Dir(main); folder != "local" {
			folders = append(folders, "functions/"+folder)
		}
	}
	for _, r := range serverlessFunctions(t, deploy(t, everything(withKeys))) {
		deployed = append(deployed, r.properties["CodeUri"].(string))
	}
	slices.Sort(deployed)
	if diff := cmp.Diff(folders, deployed); diff != "" {
		t.Errorf("the template's functions (-folders +template):\n%s", diff)
	}
}

func TestTemplate_Webhook(t *testing.T) {
	properties := deploy(t, withKeys).resources["WebhookFunction"].properties
	if properties["Timeout"] != uint64(14) {
		t.Errorf("Timeout is %v, want 14: Datadog waits 15 s, and the answer must come before", properties["Timeout"])
	}
	if diff := cmp.Diff(any(map[string]any{"AuthType": "NONE"}), properties["FunctionUrlConfig"]); diff != "" {
		t.Errorf("the Function URL must be open, because Datadog cannot sign, and buffered, because the handler is (-want +got):\n%s", diff)
	}
}

func TestTemplate_allows_each_function_what_it_uses(t *testing.T) {
	d := deploy(t, everything(withKeys))
	roles := map[string]string{}
	for name, f := range functions {
		role, _ := d.resources[name].properties["Role"].(string)
		role = strings.TrimSuffix(role, ".Arn")
		if other, taken := roles[role]; taken {
			t.Errorf("%s and %s share the role %s", name, other, role)
		}
		roles[role] = name
		if diff := cmp.Diff(f.allowed, allowed(d, role)); diff != "" {
			t.Errorf("what %s allows (-want +got):\n%s", role, diff)
		}
	}
}

// allowed are the actions of a role, by resource.
func allowed(d deployed, role string) map[string][]string {
	allowed := map[string][]string{}
	for _, policy := range items(d.resources[role].properties["Policies"]) {
		for _, statement := range items(get(policy, "PolicyDocument", "Statement")) {
			for _, resource := range texts(get(statement, "Resource")) {
				allowed[resource] = slices.Sorted(slices.Values(append(allowed[resource], texts(get(statement, "Action"))...)))
			}
		}
	}
	return allowed
}

func TestTemplate_allows_no_rotation_where_there_is_none(t *testing.T) {
	if got := allowed(deploy(t, withKeys), "SetupRole")["WebhookSecret"]; !slices.Equal(got, readSecret) {
		t.Errorf("it may %v", got)
	}
}

func TestTemplate_grants_nothing_by_wildcard(t *testing.T) {
	grants := []string{"Action", "Resource", "Principal", "AWS", "Service"}
	seen := 0
	for name, r := range deploy(t, everything(withKeys)).resources {
		walk(r.properties, func(key string, value any) {
			text, ok := value.(string)
			if !ok || !slices.Contains(grants, key) {
				return
			}
			seen++
			if strings.Contains(text, "*") {
				t.Errorf("%s grants %s %q: name what the function uses", name, key, text)
			}
		})
	}
	if seen == 0 {
		t.Error("the template grants nothing at all: this test guards nothing")
	}
}

func serverlessFunctions(t *testing.T, d deployed) map[string]resource {
	t.Helper()
	found := map[string]resource{}
	for name, r := range d.resources {
		if r.kind == serverlessFunction {
			found[name] = r
		}
	}
	for name := range functions {
		if _, ok := found[name]; !ok {
			t.Errorf("template.yaml has no function %s", name)
		}
	}
	return found
}

func environment(t *testing.T, r resource) map[string]string {
	t.Helper()
	variables, _ := get(r.properties, "Environment", "Variables").(map[string]any)
	set := make(map[string]string, len(variables))
	for name, value := range variables {
		text, ok := value.(string)
		if !ok {
			t.Errorf("%s is %v, and an environment holds text", name, value)
		}
		set[name] = text
	}
	return set
}
