package functions_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	redeliver "boomerang/functions/redeliver/handler"
	"boomerang/shared/config"
	"boomerang/shared/site"
)

// The template's intrinsic functions read as their argument: !Ref Site is "Site".
// What SAM makes of the template is checked by .ci/transformed.py.
type template struct {
	Parameters map[string]parameter `yaml:"Parameters"`
	Resources  map[string]resource  `yaml:"Resources"`
	Outputs    map[string]output    `yaml:"Outputs"`
}

type parameter struct {
	Description   string   `yaml:"Description"`
	Default       *string  `yaml:"Default"`
	AllowedValues []string `yaml:"AllowedValues"`
	MinValue      int      `yaml:"MinValue"`
}

type resource struct {
	Type       string         `yaml:"Type"`
	Metadata   map[string]any `yaml:"Metadata"`
	Properties map[string]any `yaml:"Properties"`
}

type output struct {
	Description string `yaml:"Description"`
}

const serverlessFunction = "AWS::Serverless::Function"

// sdks are the variables that no code of ours reads, with who does.
var sdks = map[string]string{
	"AWS_ENDPOINT_URL": "the AWS SDK",
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
			"DatadogSecretArn":    {"secretsmanager:GetSecretValue"},
			"WebhookSecret":       {"secretsmanager:GetSecretValue"},
			"WebhookLogGroup.Arn": writeLogs,
			"LedgerTable.Arn":     workOnAlerts,
			"RedeliveryQueue.Arn": {"sqs:SendMessage"},
		},
	},
	"RedeliverFunction": {
		reads:   config.Names[config.Redeliver](),
		leftOut: embedded,
		allowed: map[string][]string{
			"DatadogSecretArn":      {"secretsmanager:GetSecretValue"},
			"RedeliverLogGroup.Arn": writeLogs,
			"LedgerTable.Arn":       workOnAlerts,
			"RedeliveryQueue.Arn":   {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"},
			"DeadLetterQueue.Arn":   {"sqs:SendMessage"},
		},
	},
	"ReconcileFunction": {
		reads: config.Names[config.Reconcile](),
		allowed: map[string][]string{
			"DatadogSecretArn":      {"secretsmanager:GetSecretValue"},
			"ReconcileLogGroup.Arn": writeLogs,
			"LedgerTable.Arn":       {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
			"RedeliveryQueue.Arn":   {"sqs:SendMessage"},
		},
	},
}

var (
	embedded     = map[string]string{"PLAYBOOKS_FILE": "what the binary embeds is what is deployed"}
	writeLogs    = []string{"logs:CreateLogStream", "logs:PutLogEvents"}
	workOnAlerts = []string{"dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
)

func TestTemplate_Environment(t *testing.T) {
	for name, r := range serverlessFunctions(t, read(t)) {
		t.Run(name, func(t *testing.T) {
			f, ok := functions[name]
			if !ok {
				t.Fatalf("this test does not know what %s reads: add it to the table", name)
			}
			set := environment(t, r)
			for variable := range set {
				if _, isSDKs := sdks[variable]; !isSDKs && !slices.Contains(f.reads, variable) {
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
	tmpl := read(t)
	keys := config.Datadog{DatadogSecretARN: "DatadogSecretArn", Site: site.Default}
	pipeline := config.Pipeline{Datadog: keys, RedeliveryQueueURL: urlOf("RedeliveryQueue"), LedgerTable: "LedgerTable", EnrichBudget: 5 * time.Second}
	checkDefaults(t, tmpl, "WebhookFunction", config.Webhook{Pipeline: pipeline, WebhookSecretARN: "WebhookSecret", Intake: config.Direct})
	checkDefaults(t, tmpl, "RedeliverFunction", config.Redeliver{Pipeline: pipeline, DeadLetterQueueURL: urlOf("DeadLetterQueue")})
	checkDefaults(t, tmpl, "ReconcileFunction", config.Reconcile{
		Datadog: keys, RedeliveryQueueURL: urlOf("RedeliveryQueue"), LedgerTable: "LedgerTable", WebhookName: "boomerang",
	})
}

// checkDefaults checks the configuration of a function in a stack that names nothing
// but the keys.
func checkDefaults[F config.Function](t *testing.T, tmpl template, name string, want F) {
	t.Helper()
	environ := environment(t, tmpl.Resources[name])
	for variable, value := range environ {
		if p, ok := tmpl.Parameters[value]; ok && p.Default != nil {
			environ[variable] = *p.Default
		}
		if tmpl.Resources[value].Type == "AWS::SQS::Queue" {
			environ[variable] = urlOf(value)
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

// urlOf is what a reference to a queue stands for.
func urlOf(queue string) string {
	return "https://sqs.eu-west-1.amazonaws.com/123456789012/" + queue
}

func TestTemplate_offers_every_site(t *testing.T) {
	var sites []string
	for _, s := range site.All() {
		sites = append(sites, s.String())
	}
	p := read(t).Parameters["DatadogSite"]
	if diff := cmp.Diff(sites, p.AllowedValues); diff != "" {
		t.Errorf("allowed values of DatadogSite (-want +got):\n%s", diff)
	}
}

func TestTemplate_Functions(t *testing.T) {
	tmpl := read(t)
	for name, r := range serverlessFunctions(t, tmpl) {
		t.Run(name, func(t *testing.T) {
			want := map[string]any{
				"Handler":       "bootstrap", // the one file that provided.al2023 starts
				"Runtime":       "provided.al2023",
				"Architectures": []any{"arm64"},
			}
			got := make(map[string]any)
			for property := range want {
				got[property] = r.Properties[property]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("properties (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[string]any{"BuildMethod": "go1.x"}, r.Metadata); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			uri, _ := r.Properties["CodeUri"].(string)
			if _, err := os.Stat(filepath.Join("..", uri, "main.go")); err != nil {
				t.Errorf("CodeUri %q holds no main package: %v", uri, err)
			}
			logging, _ := r.Properties["LoggingConfig"].(map[string]any)
			group, _ := logging["LogGroup"].(string)
			if tmpl.Resources[group].Properties["RetentionInDays"] == nil {
				t.Errorf("the log group %q is kept for ever: give it RetentionInDays", group)
			}
			if logging["LogFormat"] != "JSON" {
				t.Error("LogFormat must be JSON: the function writes JSON, and Lambda filters by level only then")
			}
			if r.Properties["Policies"] != nil || r.Properties["Role"] == nil {
				t.Error("give the function a role of its own: the one that SAM makes may write to every log group")
			}
		})
	}
}

func TestTemplate_Webhook(t *testing.T) {
	properties := read(t).Resources["WebhookFunction"].Properties
	if properties["Timeout"] != uint64(14) {
		t.Errorf("Timeout is %v, want 14: Datadog waits 15 s, and the answer must come before", properties["Timeout"])
	}
	if limit, ok := properties["ReservedConcurrentExecutions"]; ok {
		t.Errorf("ReservedConcurrentExecutions is %v, want none: a throttled Function URL answers 429, which Datadog does not repeat", limit)
	}
	url, _ := properties["FunctionUrlConfig"].(map[string]any)
	if diff := cmp.Diff(map[string]any{"AuthType": "NONE"}, url); diff != "" {
		t.Errorf("the Function URL must be open, because Datadog cannot sign, and buffered, because the handler is (-want +got):\n%s", diff)
	}
}

func TestTemplate_Queue(t *testing.T) {
	tmpl := read(t)
	worker := tmpl.Resources["RedeliverFunction"].Properties
	main, dead := tmpl.Resources["RedeliveryQueue"].Properties, tmpl.Resources["DeadLetterQueue"].Properties

	source := get(worker, "Events", "Queue", "Properties")
	want := map[string]any{
		"Queue":                 "RedeliveryQueue.Arn",
		"BatchSize":             uint64(10),
		"FunctionResponseTypes": []any{"ReportBatchItemFailures"}, // or a whole batch is repeated for one message
		"ScalingConfig":         map[string]any{"MaximumConcurrency": "WorkerConcurrency"},
	}
	if diff := cmp.Diff(any(want), source); diff != "" {
		t.Errorf("the worker's queue (-want +got):\n%s", diff)
	}
	if least := tmpl.Parameters["WorkerConcurrency"].MinValue; least != 2 {
		t.Errorf("WorkerConcurrency is at least %d, and AWS takes 2 or more", least)
	}
	timeout, _ := worker["Timeout"].(uint64)
	if visibility, _ := main["VisibilityTimeout"].(uint64); timeout == 0 || visibility < 6*timeout {
		t.Errorf("VisibilityTimeout is %d, want at least six times the worker's %d: a message that is still worked on would come again", visibility, timeout)
	}
	redrive := map[string]any{"deadLetterTargetArn": "DeadLetterQueue.Arn", "maxReceiveCount": uint64(redeliver.MaxReceives + 1)}
	if diff := cmp.Diff(any(redrive), main["RedrivePolicy"]); diff != "" {
		t.Errorf("the worker must be the first to give up, because it says why (-want +got):\n%s", diff)
	}
	if kept := dead["MessageRetentionPeriod"]; kept != uint64(14*24*3600) {
		t.Errorf("dead letters are kept for %v s, want 14 days", kept)
	}
	for name, queue := range map[string]map[string]any{"RedeliveryQueue": main, "DeadLetterQueue": dead} {
		if queue["SqsManagedSseEnabled"] != true {
			t.Errorf("%s is not encrypted", name)
		}
	}
}

func TestTemplate_Table(t *testing.T) {
	want := map[string]any{
		"BillingMode":                      "PAY_PER_REQUEST",
		"AttributeDefinitions":             []any{map[string]any{"AttributeName": "id", "AttributeType": "S"}},
		"KeySchema":                        []any{map[string]any{"AttributeName": "id", "KeyType": "HASH"}},
		"TimeToLiveSpecification":          map[string]any{"AttributeName": "expires_at", "Enabled": true},
		"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
		"SSESpecification":                 map[string]any{"SSEEnabled": true},
	}
	if diff := cmp.Diff(want, read(t).Resources["LedgerTable"].Properties); diff != "" {
		t.Errorf("the ledger's table (-want +got):\n%s", diff)
	}
}

func TestTemplate_Reconcile(t *testing.T) {
	properties := read(t).Resources["ReconcileFunction"].Properties
	schedule := get(properties, "Events", "Schedule", "Properties")
	if rate := get(schedule, "Schedule"); rate != "rate(5 minutes)" || get(schedule, "State") != "Reconcile" {
		t.Errorf("the schedule is %v", schedule)
	}
	if timeout, _ := properties["Timeout"].(uint64); timeout == 0 || timeout >= 300 {
		t.Errorf("Timeout is %d: one run must end before the next begins", timeout)
	}
}

func TestTemplate_Alarms(t *testing.T) {
	watched := map[string]any{}
	for name, r := range read(t).Resources {
		if r.Type != "AWS::CloudWatch::Alarm" {
			continue
		}
		dimension, _ := r.Properties["Dimensions"].([]any)[0].(map[string]any)
		watched[r.Properties["MetricName"].(string)] = dimension["Value"]
		if r.Properties["TreatMissingData"] != "notBreaching" {
			t.Errorf("%s: a queue that nobody uses has no data, and is no reason for an alarm", name)
		}
		if description, _ := r.Properties["AlarmDescription"].(string); description == "" {
			t.Errorf("%s does not say what to do", name)
		}
		for _, actions := range []string{"AlarmActions", "OKActions"} {
			if diff := cmp.Diff(any([]any{"HasAlarmTopic", []any{"AlarmTopicArn"}, []any{}}), r.Properties[actions]); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", actions, name, diff)
			}
		}
	}
	want := map[string]any{
		"ApproximateNumberOfMessagesVisible": "DeadLetterQueue.QueueName",
		"ApproximateAgeOfOldestMessage":      "RedeliveryQueue.QueueName",
		"Errors":                             "ReconcileFunction",
	}
	if diff := cmp.Diff(want, watched); diff != "" {
		t.Errorf("what the alarms watch (-want +got):\n%s", diff)
	}
}

func TestTemplate_allows_each_function_what_it_uses(t *testing.T) {
	tmpl := read(t)
	roles := map[string]string{}
	for name, f := range functions {
		role, _ := tmpl.Resources[name].Properties["Role"].(string)
		role = strings.TrimSuffix(role, ".Arn")
		if other, taken := roles[role]; taken {
			t.Errorf("%s and %s share the role %s", name, other, role)
		}
		roles[role] = name
		allowed := map[string][]string{}
		for _, policy := range items(tmpl.Resources[role].Properties["Policies"]) {
			for _, statement := range items(get(policy, "PolicyDocument", "Statement")) {
				for _, resource := range texts(get(statement, "Resource")) {
					allowed[resource] = slices.Sorted(slices.Values(append(allowed[resource], texts(get(statement, "Action"))...)))
				}
			}
		}
		if diff := cmp.Diff(f.allowed, allowed); diff != "" {
			t.Errorf("what %s allows (-want +got):\n%s", role, diff)
		}
	}
}

func TestTemplate_grants_nothing_by_wildcard(t *testing.T) {
	grants := []string{"Action", "Resource", "Principal", "AWS", "Service"}
	seen := 0
	for name, r := range read(t).Resources {
		walk(r.Properties, func(key string, value any) {
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

func TestTemplate_is_described(t *testing.T) {
	tmpl := read(t)
	for name, p := range tmpl.Parameters {
		if p.Description == "" {
			t.Errorf("the parameter %s has no description", name)
		}
	}
	for name, o := range tmpl.Outputs {
		if o.Description == "" {
			t.Errorf("the output %s has no description", name)
		}
	}
}

func read(t *testing.T) template {
	t.Helper()
	raw, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tmpl template
	if err := yaml.Unmarshal(raw, &tmpl); err != nil {
		t.Fatalf("template.yaml: %v", err)
	}
	return tmpl
}

func serverlessFunctions(t *testing.T, tmpl template) map[string]resource {
	t.Helper()
	found := maps.Clone(tmpl.Resources)
	maps.DeleteFunc(found, func(_ string, r resource) bool { return r.Type != serverlessFunction })
	for name := range functions {
		if _, ok := found[name]; !ok {
			t.Errorf("template.yaml has no function %s", name)
		}
	}
	return found
}

func environment(t *testing.T, r resource) map[string]string {
	t.Helper()
	block, _ := r.Properties["Environment"].(map[string]any)
	variables, _ := block["Variables"].(map[string]any)
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

// walk calls visit for each key of a tree of maps and lists, with its value; a
// list's items come under the list's key.
func walk(tree map[string]any, visit func(key string, value any)) {
	for key, value := range tree {
		visit(key, value)
		for _, item := range items(value) {
			if below, ok := item.(map[string]any); ok {
				walk(below, visit)
			} else {
				visit(key, item)
			}
		}
	}
}

func items(value any) []any {
	switch value := value.(type) {
	case map[string]any:
		return []any{value}
	case []any:
		return value
	}
	return nil
}

// get follows keys into a tree of maps.
func get(tree any, keys ...string) any {
	for _, key := range keys {
		below, _ := tree.(map[string]any)
		tree = below[key]
	}
	return tree
}

// texts returns a text, or the texts of a list.
func texts(value any) []string {
	if text, ok := value.(string); ok {
		return []string{text}
	}
	var all []string
	for _, item := range items(value) {
		if text, ok := item.(string); ok {
			all = append(all, text)
		}
	}
	return all
}
