package functions_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/config"
	"boomerang/shared/site"
)

// tree is a part of template.yaml without the tags of its intrinsic functions: !Ref Queue
// is Queue, and !If [A, b, c] a list of three. These tests hold the template to the code;
// cfn-lint, SAM and .ci/transformed.py check what AWS makes of it: events, permissions and wildcards.
type tree map[string]any

func readTemplate(t *testing.T) (whole tree, source string) {
	t.Helper()
	raw, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, &whole); err != nil {
		t.Fatal(err)
	}
	return whole, string(raw)
}

// value follows keys.
func (t tree) value(keys ...string) any {
	var value any = map[string]any(t)
	for _, key := range keys {
		below, _ := value.(map[string]any)
		value = below[key]
	}
	return value
}

func (t tree) part(keys ...string) tree {
	part, _ := t.value(keys...).(map[string]any)
	return part
}

// text is a value as text, a list such as [a b].
func (t tree) text(keys ...string) string {
	if value := t.value(keys...); value != nil {
		return fmt.Sprint(value)
	}
	return ""
}

func (t tree) list(keys ...string) []any {
	list, _ := t.value(keys...).([]any)
	return list
}

func (t tree) seconds(keys ...string) time.Duration {
	n, _ := strconv.Atoi(t.text(keys...))
	return time.Duration(n) * time.Second
}

// names are the names of the resources of a type, sorted.
func (t tree) names(kind string) []string {
	return slices.Sorted(maps.Keys(maps.Collect(func(yield func(string, bool) bool) {
		for name := range t.part("Resources") {
			if t.text("Resources", name, "Type") == kind && !yield(name, true) {
				return
			}
		}
	})))
}

const keys = "[MakesDatadogSecret DatadogSecret DatadogSecretArn]"

const queues = "[RedeliveryQueue.Arn FollowUpQueue.Arn]"

// deployedFunctions are the functions with the variables that their code reads and the
// actions that their role allows, by resource.
var deployedFunctions = map[string]struct {
	reads  []string
	allows map[string]string
}{
	"Webhook": {config.Names[config.Webhook](), map[string]string{
		"[" + keys + " WebhookSecret]": "secretsmanager:GetSecretValue",
		"LedgerTable.Arn":              "[dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem]",
		queues:                         "sqs:SendMessage",
		"LambdaStepFunctionArns":       "HasFunctions: lambda:InvokeFunction",
		"HttpStepSecretArns":           "HasSecrets: secretsmanager:GetSecretValue",
	}},
	"Redeliver": {config.Names[config.Redeliver](), map[string]string{
		keys:                     "secretsmanager:GetSecretValue",
		"LedgerTable.Arn":        "[dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem]",
		queues:                   "[sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes sqs:SendMessage]",
		"DeadLetterQueue.Arn":    "sqs:SendMessage",
		"LambdaStepFunctionArns": "HasFunctions: lambda:InvokeFunction",
		"HttpStepSecretArns":     "HasSecrets: secretsmanager:GetSecretValue",
	}},
	"Reconcile": {config.Names[config.Reconcile](), map[string]string{
		keys:                  "secretsmanager:GetSecretValue",
		"LedgerTable.Arn":     "[dynamodb:BatchGetItem dynamodb:GetItem dynamodb:PutItem]",
		"RedeliveryQueue.Arn": "sqs:SendMessage",
	}},
	"Setup": {config.Names[config.Setup](), map[string]string{
		"[" + keys + " WebhookSecret]": "secretsmanager:GetSecretValue",
		"WebhookSecret":                "RotatesToken: [secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage]",
	}},
	"Drill": {config.Names[config.Drill](), map[string]string{
		"[" + keys + " WebhookSecret]": "secretsmanager:GetSecretValue",
	}},
}

// unread are the variables that only Go, the AWS SDK or the Datadog Lambda Extension reads.
var unread = []string{"GOGC", "AWS_ENDPOINT_URL", "DD_API_KEY_SECRET_ARN", "DD_INSTRUMENTATION_TELEMETRY_ENABLED", "DD_SERVICE", "DD_ENV", "DD_VERSION"}

func TestTemplate_Functions(t *testing.T) {
	whole, _ := readTemplate(t)
	shared := whole.part("Globals", "Function")
	if got := shared.text("Environment", "Variables", "GOGC"); got != e2e.HeapGrowth {
		t.Errorf("GOGC is %s, and %s in the tests", got, e2e.HeapGrowth)
	}
	for key, want := range map[string]string{"Handler": "bootstrap", "Runtime": "provided.al2023", "Architectures": "[Architecture]", "CodeUri": "."} {
		if got := shared.text(key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	folders, err := filepath.Glob("*/main.go")
	if err != nil || len(folders) != len(deployedFunctions) || len(whole.names("AWS::Serverless::Function")) != len(deployedFunctions) {
		t.Errorf("%d functions in the template, %d here, and folders %s", len(whole.names("AWS::Serverless::Function")), len(deployedFunctions), folders)
	}
	for name, want := range deployedFunctions {
		r := whole.part("Resources", name+"Function")
		f, folder := r.part("Properties"), strings.ToLower(name)
		got := []string{f.text("CodeUri"), f.text("Role"), f.text("LoggingConfig", "LogGroup"), r.text("Metadata", "BuildMethod"), r.text("Metadata", "ContextPath"), f.text("ReservedConcurrentExecutions"), f.text("Policies")}
		if diff := cmp.Diff([]string{"", name + "Role.Arn", name + "LogGroup", "makefile", "functions/internal/build/${Architecture}", "", ""}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		group := whole.part("Resources", name+"LogGroup", "Properties")
		if group.text("LogGroupName") != "/aws/lambda/${AWS::StackName}-"+folder || group.text("RetentionInDays") != "LogRetentionDays" {
			t.Errorf("the log group of %s is %v", name, group)
		}
		var set []string
		for _, variables := range []tree{shared.part("Environment", "Variables"), f.part("Environment", "Variables")} {
			for variable := range variables {
				if !slices.Contains(unread, variable) {
					set = append(set, variable)
				}
			}
		}
		slices.Sort(set)
		if diff := cmp.Diff(slices.Sorted(slices.Values(want.reads)), set); diff != "" {
			t.Errorf("the variables of %s (-read +set):\n%s", name, diff)
		}
	}
}

func TestTemplate_Permissions(t *testing.T) {
	whole, _ := readTemplate(t)
	for name, want := range deployedFunctions {
		got := map[string]string{}
		add := func(condition string, policy tree) {
			for _, statement := range policy.list("PolicyDocument", "Statement") {
				s := tree(statement.(map[string]any))
				got[s.text("Resource")] = condition + s.text("Action")
			}
		}
		for _, policy := range whole.list("Resources", name+"Role", "Properties", "Policies") {
			condition := ""
			if list, ok := policy.([]any); ok {
				condition, policy = fmt.Sprint(list[0])+": ", list[1]
			}
			add(condition, policy.(map[string]any))
		}
		for resource := range whole.part("Resources") {
			r := whole.part("Resources", resource)
			if r.text("Type") == "AWS::IAM::Policy" && strings.Contains(r.text("Properties", "Roles"), name+"Role") {
				add(r.text("Condition")+": ", r.part("Properties"))
			}
		}
		want.allows[name+"LogGroup.Arn"] = "[logs:CreateLogStream logs:PutLogEvents]"
		if diff := cmp.Diff(want.allows, got); diff != "" {
			t.Errorf("what %sRole allows (-want +got):\n%s", name, diff)
		}
	}
}

func TestTemplate_Defaults(t *testing.T) {
	whole, _ := readTemplate(t)
	load := func(function string) map[string]string {
		environ := map[string]string{}
		for _, variables := range []tree{whole.part("Globals", "Function", "Environment", "Variables"), whole.part("Resources", function, "Properties", "Environment", "Variables")} {
			for name := range variables {
				value := variables.text(name)
				if choice := variables.list(name); choice != nil {
					value = fmt.Sprint(choice[1])
				}
				if _, ok := whole.part("Parameters")[value]; ok {
					value = whole.text("Parameters", value, "Default")
				}
				environ[name] = value
			}
		}
		for _, url := range []string{"REDELIVERY_QUEUE_URL", "FOLLOW_UP_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "FUNCTION_URL"} {
			if environ[url] != "" {
				environ[url] = "https://" + strings.ToLower(strings.TrimSuffix(environ[url], ".FunctionUrl")) + ".example"
			}
		}
		return environ
	}
	datadog := config.Datadog{DatadogSecretARN: "DatadogSecret", Site: site.Default}
	pipeline := config.Pipeline{Datadog: datadog, RedeliveryQueueURL: "https://redeliveryqueue.example", FollowUpQueueURL: "https://followupqueue.example", LedgerTable: "LedgerTable", EnrichBudget: 5 * time.Second, WebhookName: "boomerang"}
	loads(t, load("WebhookFunction"), config.Webhook{Pipeline: pipeline, WebhookSecretARN: "WebhookSecret", Intake: config.Direct})
	loads(t, load("RedeliverFunction"), config.Redeliver{Pipeline: pipeline, DeadLetterQueueURL: "https://deadletterqueue.example"})
	loads(t, load("ReconcileFunction"), config.Reconcile{Datadog: datadog, RedeliveryQueueURL: "https://redeliveryqueue.example", LedgerTable: "LedgerTable", WebhookName: "boomerang"})
	loads(t, load("SetupFunction"), config.Setup{Datadog: datadog, WebhookSecretARN: "WebhookSecret", WebhookName: "boomerang"})
	loads(t, load("DrillFunction"), config.Drill{Datadog: datadog, WebhookSecretARN: "WebhookSecret", FunctionURL: "https://webhookfunctionurl.example"})
}

func loads[F config.Function](t *testing.T, environ map[string]string, want F) {
	t.Helper()
	got, err := config.Load[F](environ)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
