package functions_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/internal/drill"
	"boomerang/shared/config"
	"boomerang/shared/pipeline"
	messages "boomerang/shared/queue"
	"boomerang/shared/site"
)

// tree is a part of template.yaml without the tags of its intrinsic functions: !Ref Queue
// is Queue, and !If [A, b, c] a list of three. These tests hold the template to the code;
// cfn-lint, SAM and .ci/transformed.py check what AWS makes of it.
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

// unread are the variables that only the AWS SDK or the Datadog Lambda Extension reads.
var unread = []string{"AWS_ENDPOINT_URL", "DD_API_KEY_SECRET_ARN", "DD_INSTRUMENTATION_TELEMETRY_ENABLED", "DD_SERVICE", "DD_ENV", "DD_VERSION"}

func TestTemplate_Functions(t *testing.T) {
	whole, _ := readTemplate(t)
	shared := whole.part("Globals", "Function")
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
	whole, source := readTemplate(t)
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
	if wildcard := regexp.MustCompile(`(Action|Resource|Principal|AWS|Service): .*\*`).FindString(source); wildcard != "" {
		t.Errorf("grants by wildcard: %s", wildcard)
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

// TestTemplate_Retries holds the template to the numbers of shared/pipeline/retry.go.
func TestTemplate_Retries(t *testing.T) {
	whole, _ := readTemplate(t)
	properties := func(name string) tree { return whole.part("Resources", name, "Properties") }
	queue, dead, worker := properties("RedeliveryQueue"), properties("DeadLetterQueue"), properties("RedeliverFunction")
	for name, c := range map[string]struct{ want, got time.Duration }{
		"the webhook's timeout":   {pipeline.RunTime, properties("WebhookFunction").seconds("Timeout")},
		"the worker's timeout":    {pipeline.WorkerTimeout, worker.seconds("Timeout")},
		"the visibility timeout":  {pipeline.VisibilityTimeout, queue.seconds("VisibilityTimeout")},
		"the queue's retention":   {pipeline.QueueRetention, queue.seconds("MessageRetentionPeriod")},
		"the retention of dead":   {pipeline.DeadLetterRetention, dead.seconds("MessageRetentionPeriod")},
		"deliveries (as seconds)": {pipeline.RedriveReceives * time.Second, queue.seconds("RedrivePolicy", "maxReceiveCount")},
	} {
		if c.want != c.got {
			t.Errorf("%s is %s, want %s", name, c.got, c.want)
		}
	}
	if followUps := properties("FollowUpQueue"); followUps.text() != queue.text() {
		t.Errorf("the queue of the follow-ups (-want +got):\n%s", cmp.Diff(queue.text(), followUps.text()))
	}
	for name, q := range map[string]tree{"the queue": queue, "the dead-letter queue": dead} {
		if got := q.text("MaximumMessageSize"); got != strconv.Itoa(messages.MaxMessageBytes) {
			t.Errorf("%s takes messages of %s bytes, want %d", name, got, messages.MaxMessageBytes)
		}
	}
	for _, name := range []string{"ReconcileFunction", "DrillFunction"} {
		if properties(name).text("EventInvokeConfig", "MaximumRetryAttempts") != "0" {
			t.Errorf("Lambda repeats %s by itself", name)
		}
	}
	if visibility := queue.seconds("VisibilityTimeout"); visibility < 6*worker.seconds("Timeout") {
		t.Errorf("a visibility timeout of %s is not six times the worker's timeout", visibility)
	}
	source := worker.part("Events", "Queue", "Properties")
	if got := source.text(); got != "map[BatchSize:10 FunctionResponseTypes:[ReportBatchItemFailures] Queue:RedeliveryQueue.Arn ScalingConfig:map[MaximumConcurrency:WorkerConcurrency]]" {
		t.Errorf("the worker's event source: %s", got)
	}
	if got := worker.text("Events", "FollowUps", "Properties"); got != "map[BatchSize:10 FunctionResponseTypes:[ReportBatchItemFailures] Queue:FollowUpQueue.Arn ScalingConfig:map[MaximumConcurrency:2]]" {
		t.Errorf("the worker's event source of follow-ups: %s", got)
	}
	// A message that waits is no reason for an alarm, and one that is late by as much as an alert may be is one.
	late := func(alarm string) time.Duration { return properties(alarm).seconds("Threshold") }
	if late("FollowUpAlarm") != messages.MaxDelay+late("OldestMessageAlarm") {
		t.Errorf("the alarm on follow-ups is at %s", late("FollowUpAlarm"))
	}
	if queue.text("RedrivePolicy", "deadLetterTargetArn") != "DeadLetterQueue.Arn" || queue.text("SqsManagedSseEnabled") != "true" || dead.text("SqsManagedSseEnabled") != "true" {
		t.Errorf("the queues: %v, %v", queue, dead)
	}
	schedule := properties("ReconcileFunction").part("Events", "Schedule", "Properties")
	if schedule.text("Schedule") != "rate(5 minutes)" || schedule.text("State") != "Reconcile" || properties("ReconcileFunction").seconds("Timeout") >= 5*time.Minute {
		t.Errorf("one run of reconcile must end before the next: %v", schedule)
	}
	const start = 10 * time.Second // is the time that a function has to start
	if got, least := properties("DrillFunction").seconds("Timeout"), drill.DefaultTimeouts.Answer+drill.DefaultTimeouts.Event+start; got < least {
		t.Errorf("a synthetic alert has %s, and needs %s to report that it failed", got, least)
	}
}

func TestTemplate_Resources(t *testing.T) {
	whole, source := readTemplate(t)
	for name, want := range map[string]string{
		"LedgerTable": "map[AttributeDefinitions:[map[AttributeName:id AttributeType:S]] BillingMode:PAY_PER_REQUEST KeySchema:[map[AttributeName:id KeyType:HASH]] " +
			"PointInTimeRecoverySpecification:map[PointInTimeRecoveryEnabled:true] SSESpecification:map[SSEEnabled:true] TimeToLiveSpecification:map[AttributeName:expires_at Enabled:true]]",
		"WebhookFailures": `map[FilterPattern:{ $.message = "webhook" && $.level = "ERROR" } LogGroupName:WebhookLogGroup ` +
			"MetricTransformations:[map[MetricName:WebhookFailures MetricNamespace:Boomerang/${AWS::StackName} MetricValue:1]]]",
		"MissingAlerts": `map[FilterPattern:{ $.message = "reconcile" && $.missing > 0 } LogGroupName:ReconcileLogGroup ` +
			"MetricTransformations:[map[MetricName:MissingAlerts MetricNamespace:Boomerang/${AWS::StackName} MetricValue:$.missing]]]",
		"DatadogSetup": "map[DatadogSecretArn:" + keys + " DatadogSite:DatadogSite DeadLetterQueueName:DeadLetterQueue.QueueName FunctionNames:[WebhookFunction RedeliverFunction ReconcileFunction] " +
			"FunctionUrl:WebhookFunctionUrl.FunctionUrl Notify:Notify QueueName:RedeliveryQueue.QueueName Revision:SetupFunction.Version Route:Route ServiceTimeout:300 " +
			"ServiceToken:SetupFunction.Arn StackName:AWS::StackName WebhookName:WebhookName WebhookSecretArn:WebhookSecret]",
		"TokenRotation":      "map[RotateImmediatelyOnUpdate:false RotationLambdaARN:SetupFunction.Arn RotationRules:map[AutomaticallyAfterDays:RotateTokenDays] SecretId:WebhookSecret]",
		"RotationPermission": "map[Action:lambda:InvokeFunction FunctionName:SetupFunction Principal:secretsmanager.amazonaws.com SourceAccount:AWS::AccountId]",
	} {
		if got := whole.text("Resources", name, "Properties"); got != want {
			t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(want, got))
		}
	}
	if got := whole.text("Resources", "TokenRotation", "DependsOn"); got != "[DatadogSetup RotationPermission]" {
		t.Errorf("a rotation before Datadog has the token: DependsOn is %s", got)
	}
	if got := whole.text("Resources", "WebhookFunction", "Properties", "FunctionUrlConfig"); got != "map[AuthType:NONE]" {
		t.Errorf("Datadog cannot sign for AWS: the Function URL has %s", got)
	}
	if got := whole.text("Resources", "DatadogSecret", "Properties", "SecretString"); got != `{"api_key":"${DatadogApiKey}","app_key":"${DatadogAppKey}","dd_api_key":"${DatadogApiKey}"}` {
		t.Errorf("the keys of the functions and the extension: %s", got)
	}
	const layer = "arn:${AWS::Partition}:lambda:${AWS::Region}:${Account}:layer:Datadog-Extension${Suffix}:${DatadogExtensionVersion}"
	if got := whole.text("Globals", "Function", "Layers"); got != "[[HasExtension ["+layer+" map[Account:[IsGovCloud 002406178527 464622532012] Suffix:[IsARM -ARM ]]] AWS::NoValue]]" {
		t.Errorf("the extension: %s", got)
	}
	for _, name := range []string{"WebhookFunction", "RedeliverFunction"} {
		if got := whole.text("Resources", name, "Properties", "Layers"); got != "[[HasPlaybooksLayer PlaybooksLayerArn AWS::NoValue]]" {
			t.Errorf("the playbooks of %s: %s", name, got)
		}
	}
	conditional := map[string][]string{}
	for name := range whole.part("Resources") {
		r := whole.part("Resources", name)
		if condition := r.text("Condition"); condition != "" {
			conditional[condition] = append(conditional[condition], name)
			slices.Sort(conditional[condition])
		}
		isStore := slices.Contains([]string{"AWS::SecretsManager::Secret", "AWS::DynamoDB::Table", "AWS::SQS::Queue"}, r.text("Type"))
		for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
			if got := r.text(policy); got != "" && got != "Delete" || got == "" && isStore {
				t.Errorf("%s outlives the stack: %s is %q", name, policy, got)
			}
		}
	}
	if diff := cmp.Diff(map[string][]string{
		"HasFunctions":       {"StepFunctionsPolicy"},
		"HasSecrets":         {"StepSecretsPolicy"},
		"MakesDatadogSecret": {"DatadogSecret"},
		"RunsSetup":          {"DatadogSetup", "SetupFunction", "SetupLogGroup", "SetupRole"},
		"RotatesToken":       {"RotationAlarm", "RotationPermission", "TokenRotation"},
		"RunsDrill":          {"DrillAlarm", "DrillFunction", "DrillLogGroup", "DrillRole"},
	}, conditional); diff != "" {
		t.Errorf("resources that a parameter switches on (-want +got):\n%s", diff)
	}
	for _, condition := range []string{
		`MakesDatadogSecret: !Equals [!Ref DatadogSecretArn, ""]`, "RunsSetup: !Equals [!Ref Setup, ENABLED]", `RunsDrill: !Not [!Equals [!Ref DrillSchedule, ""]]`,
		`RotatesToken: !And [!Condition RunsSetup, !Not [!Equals [!Ref RotateTokenDays, "0"]]]`, `HasPlaybooksLayer: !Not [!Equals [!Ref PlaybooksLayerArn, ""]]`,
		`HasFunctions: !Not [!Equals [!Join ["", !Ref LambdaStepFunctionArns], ""]]`, `HasSecrets: !Not [!Equals [!Join ["", !Ref HttpStepSecretArns], ""]]`, `HasAlarmTopic: !Not [!Equals [!Ref AlarmTopicArn, ""]]`,
		`HasExtension: !Not [!Equals [!Ref DatadogExtensionVersion, "0"]]`, "IsARM: !Equals [!Ref Architecture, arm64]", "IsGovCloud: !Equals [!Ref AWS::Partition, aws-us-gov]", `HasVersion: !Not [!Equals [!Ref Version, ""]]`,
	} {
		if !strings.Contains(source, "\n  "+condition+"\n") {
			t.Errorf("there is no condition %s", condition)
		}
	}
}

func TestTemplate_Alarms(t *testing.T) {
	whole, _ := readTemplate(t)
	got := map[string]string{}
	for _, name := range whole.names("AWS::CloudWatch::Alarm") {
		p := whole.part("Resources", name, "Properties")
		of := ""
		for _, dimension := range p.list("Dimensions") {
			of = " of " + tree(dimension.(map[string]any)).text("Value")
		}
		got[name] = fmt.Sprintf("%s %s%s > %s, %s × %s s", p.text("Statistic"), p.text("MetricName"), of, p.text("Threshold"), p.text("EvaluationPeriods"), p.text("Period"))
		missing := map[bool]string{true: "ignore", false: "notBreaching"}[name == "DrillAlarm"]
		const topic = "[HasAlarmTopic [AlarmTopicArn] []]"
		if p.text("TreatMissingData") != missing || p.text("AlarmActions") != topic || p.text("OKActions") != topic || p.text("AlarmDescription") == "" || p.text("ComparisonOperator") != "GreaterThanThreshold" {
			t.Errorf("%s: %v", name, p)
		}
	}
	want := map[string]string{
		"DeadLetterAlarm":     "Maximum ApproximateNumberOfMessagesVisible of DeadLetterQueue.QueueName > 0, 1 × 60 s",
		"OldestMessageAlarm":  "Maximum ApproximateAgeOfOldestMessage of RedeliveryQueue.QueueName > 900, 1 × 60 s",
		"FollowUpAlarm":       "Maximum ApproximateAgeOfOldestMessage of FollowUpQueue.QueueName > 1800, 1 × 60 s",
		"WebhookErrorAlarm":   "Sum Errors of WebhookFunction > 0, 1 × 300 s",
		"WebhookFailureAlarm": "Sum WebhookFailures > 0, 1 × 300 s",
		"WebhookRefusalAlarm": "Sum Url4xxCount of WebhookFunction > 10, 1 × 300 s",
		"ThrottleAlarm":       "Sum Throttles of WebhookFunction > 0, 1 × 60 s",
		"RedeliverErrorAlarm": "Sum Errors of RedeliverFunction > 0, 1 × 300 s",
		"ReconcileAlarm":      "Sum Errors of ReconcileFunction > 0, 3 × 300 s",
		"MissingAlertAlarm":   "Sum MissingAlerts > 0, 1 × 300 s",
		"RotationAlarm":       "Sum Errors of SetupFunction > 0, 1 × 300 s",
		"DrillAlarm":          "Sum Errors of DrillFunction > 0, 1 × 300 s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
