package functions_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/internal/drill"
	"boomerang/shared/pipeline"
)

func TestTemplate_Queue(t *testing.T) {
	d := deploy(t, withKeys)
	worker := d.resources["RedeliverFunction"].properties
	main, dead := d.resources["RedeliveryQueue"].properties, d.resources["DeadLetterQueue"].properties

	source := get(worker, "Events", "Queue", "Properties")
	want := map[string]any{
		"Queue":                 "RedeliveryQueue.Arn",
		"BatchSize":             uint64(10),
		"FunctionResponseTypes": []any{"ReportBatchItemFailures"}, // or a whole batch is repeated for one message
		"ScalingConfig":         map[string]any{"MaximumConcurrency": "5"},
	}
	if diff := cmp.Diff(any(want), source); diff != "" {
		t.Errorf("the worker's queue (-want +got):\n%s", diff)
	}
	seconds := func(d time.Duration) any { return uint64(d / time.Second) }
	if pipeline.VisibilityTimeout < 6*pipeline.WorkerTimeout {
		t.Error("AWS wants the visibility timeout to be at least six times the worker's timeout")
	}
	for name, c := range map[string]struct{ got, want any }{
		"the webhook's timeout":             {d.resources["WebhookFunction"].properties["Timeout"], seconds(pipeline.RunTime)},
		"the worker's timeout":              {worker["Timeout"], seconds(pipeline.WorkerTimeout)},
		"the visibility timeout":            {main["VisibilityTimeout"], seconds(pipeline.VisibilityTimeout)},
		"the retention of the queue":        {main["MessageRetentionPeriod"], seconds(pipeline.QueueRetention)},
		"the retention of the dead letters": {dead["MessageRetentionPeriod"], seconds(pipeline.DeadLetterRetention)},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v s, want %v", name, c.got, c.want)
		}
	}
	redrive := map[string]any{"deadLetterTargetArn": "DeadLetterQueue.Arn", "maxReceiveCount": uint64(pipeline.RedriveReceives)}
	if diff := cmp.Diff(any(redrive), main["RedrivePolicy"]); diff != "" {
		t.Errorf("the worker must be the first to give up, because it says why (-want +got):\n%s", diff)
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
	if diff := cmp.Diff(want, deploy(t, withKeys).resources["LedgerTable"].properties); diff != "" {
		t.Errorf("the ledger's table (-want +got):\n%s", diff)
	}
}

func TestTemplate_keeps_the_keys_in_one_secret_for_the_functions_and_the_extension(t *testing.T) {
	api, app := strings.Repeat("a", 32), strings.Repeat("b", 40)
	d := deploy(t, map[string]string{"DatadogApiKey": api, "DatadogAppKey": app})
	var got map[string]string
	if err := json.Unmarshal([]byte(d.resources[ourKeys].properties["SecretString"].(string)), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"api_key": api, "dd_api_key": api, "app_key": app}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, ok := deploy(t, withSecret).resources[ourKeys]; ok {
		t.Error("there is a secret beside the one that was given")
	}
}

func TestTemplate_Reconcile(t *testing.T) {
	for _, state := range []string{"ENABLED", "DISABLED"} {
		properties := deploy(t, with(withKeys, "Reconcile", state)).resources["ReconcileFunction"].properties
		schedule := get(properties, "Events", "Schedule", "Properties")
		if rate := get(schedule, "Schedule"); rate != "rate(5 minutes)" || get(schedule, "State") != state {
			t.Errorf("the schedule is %v", schedule)
		}
		if timeout, _ := properties["Timeout"].(uint64); timeout == 0 || timeout >= 300 {
			t.Errorf("Timeout is %d: one run must end before the next begins", timeout)
		}
	}
}

func TestTemplate_counts_the_alerts_that_reconcile_brings_back(t *testing.T) {
	got := deploy(t, withKeys).resources["MissingAlerts"].properties
	want := map[string]any{
		"LogGroupName":  "ReconcileLogGroup",
		"FilterPattern": `{ $.message = "reconcile" && $.missing > 0 }`, // functions/reconcile/handler logs it so
		"MetricTransformations": []any{map[string]any{
			"MetricNamespace": "Boomerang/boomerang", "MetricName": "MissingAlerts", "MetricValue": "$.missing",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTemplate_Setup(t *testing.T) {
	got := deploy(t, with(withKeys, "Notify", "@slack-sre", "WebhookName", "boomerang-trial")).resources["DatadogSetup"].properties
	want := map[string]any{
		"ServiceToken": "SetupFunction.Arn", "ServiceTimeout": uint64(300), // in the place of an hour
		"FunctionUrl": "WebhookFunctionUrl.FunctionUrl", "WebhookName": "boomerang-trial", "StackName": stackName, "Notify": "@slack-sre",
		"QueueName": "RedeliveryQueue.QueueName", "DeadLetterQueueName": "DeadLetterQueue.QueueName",
		"FunctionNames": []any{"WebhookFunction", "RedeliverFunction", "ReconcileFunction"},
		"Revision":      "SetupFunction.Version", // changes with the code, so that new code runs
		"DatadogSite":   "datadoghq.com", "DatadogSecretArn": ourKeys, "WebhookSecretArn": "WebhookSecret",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// SAM publishes a version for new code alone, so that CloudFormation runs setup again
// for no other reason than a property of the resource.
func TestTemplate_runs_setup_again_when_it_would_do_something_else(t *testing.T) {
	properties := func(parameters map[string]string) map[string]any {
		return deploy(t, parameters).resources["DatadogSetup"].properties
	}
	for name, parameters := range map[string]map[string]string{
		"another site":                        with(withKeys, "DatadogSite", "datadoghq.eu"),
		"keys that are in a secret from then": withSecret,
		"another name of the webhook":         with(withKeys, "WebhookName", "boomerang-trial"),
		"somebody else to notify":             with(withKeys, "Notify", "@slack-sre"),
	} {
		if cmp.Equal(properties(withKeys), properties(parameters)) {
			t.Errorf("%s changes no property", name)
		}
	}
	elsewhere := with(withSecret, "DatadogSecretArn", strings.Replace(keysARN, "datadog", "other", 1))
	if cmp.Equal(properties(withSecret), properties(elsewhere)) {
		t.Error("another secret changes no property")
	}
	d := deploy(t, withKeys)
	given := slices.Collect(maps.Values(d.resources["DatadogSetup"].properties))
	set := environment(t, d.resources["SetupFunction"])
	for _, variable := range functions["SetupFunction"].reads {
		if value := set[variable]; value != "" && !slices.Contains(given, any(value)) {
			t.Errorf("setup acts on %s, which is no property", variable)
		}
	}
}

func TestTemplate_rotates_the_token(t *testing.T) {
	d := deploy(t, with(withKeys, "RotateTokenDays", "30"))
	want := map[string]any{
		"SecretId": "WebhookSecret", "RotationLambdaARN": "SetupFunction.Arn", "RotateImmediatelyOnUpdate": false,
		"RotationRules": map[string]any{"AutomaticallyAfterDays": "30"},
	}
	if diff := cmp.Diff(want, d.resources["TokenRotation"].properties); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if after := texts(d.resources["TokenRotation"].whole["DependsOn"]); !slices.Contains(after, "DatadogSetup") || !slices.Contains(after, "RotationPermission") {
		t.Errorf("it may rotate before Datadog has a token and Secrets Manager the permission: it depends on %v", after)
	}
	permission := map[string]any{
		"FunctionName": "SetupFunction", "Action": "lambda:InvokeFunction", "Principal": "secretsmanager.amazonaws.com",
		"SourceAccount": "123456789012", // or any account's Secrets Manager could
	}
	if diff := cmp.Diff(permission, d.resources["RotationPermission"].properties); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTemplate_Drill(t *testing.T) {
	f := deploy(t, with(withKeys, "DrillSchedule", "rate(1 hour)")).resources["DrillFunction"].properties
	if got := get(f, "Events", "Schedule", "Properties", "Schedule"); got != "rate(1 hour)" {
		t.Errorf("the schedule is %v", got)
	}
	if got := get(f, "EventInvokeConfig", "MaximumRetryAttempts"); got != uint64(0) {
		t.Errorf("a failed drill is repeated %v times, and the alarm may miss it", got)
	}
	const start = 10 * time.Second // may be what a function takes to start
	timeout, _ := f["Timeout"].(uint64)
	if least := drill.Usual.Answer + drill.Usual.Event + start; time.Duration(timeout)*time.Second < least {
		t.Errorf("Timeout is %d s, and a drill that fails needs %s to say so", timeout, least)
	}
}

func TestTemplate_makes_nothing_that_nobody_asked_for(t *testing.T) {
	for off, names := range map[string][]string{
		"Setup":           {"SetupFunction", "SetupRole", "SetupLogGroup", "DatadogSetup"},
		"RotateTokenDays": {"TokenRotation", "RotationPermission", "RotationAlarm"},
		"DrillSchedule":   {"DrillFunction", "DrillRole", "DrillLogGroup", "DrillAlarm"},
	} {
		on, without := everything(withKeys), withKeys
		if off == "Setup" {
			without = with(withKeys, "Setup", "DISABLED")
		}
		for _, name := range names {
			if _, ok := deploy(t, on).resources[name]; !ok {
				t.Errorf("%s is not there with everything on", name)
			}
			if _, ok := deploy(t, without).resources[name]; ok {
				t.Errorf("%s is there without %s", name, off)
			}
		}
	}
}

func TestTemplate_Extension(t *testing.T) {
	for name, r := range serverlessFunctions(t, deploy(t, everything(withSecret))) {
		want := []string{"arn:aws:lambda:eu-west-1:464622532012:layer:Datadog-Extension-ARM:99"}
		if diff := cmp.Diff(want, texts(r.properties["Layers"])); diff != "" {
			t.Errorf("the layers of %s (-want +got):\n%s", name, diff)
		}
		set := environment(t, r)
		if set["DD_API_KEY_SECRET_ARN"] != keysARN || set["DD_SERVICE"] != "boomerang" || set["DD_ENV"] != "prod" || set["DD_VERSION"] != "1.2.3" {
			t.Errorf("the environment of %s: %v", name, set)
		}
	}
	webhook := deploy(t, withSecret).resources["WebhookFunction"]
	if layers := texts(webhook.properties["Layers"]); len(layers) > 0 {
		t.Errorf("without the extension there are %v", layers)
	}
	if version, ok := environment(t, webhook)["DD_VERSION"]; ok {
		t.Errorf("without a version it is %q", version)
	}
	pseudo["AWS::Partition"] = "aws-us-gov"
	defer func() { pseudo["AWS::Partition"] = "aws" }()
	layers := texts(deploy(t, everything(withSecret)).resources["WebhookFunction"].properties["Layers"])
	if diff := cmp.Diff([]string{"arn:aws-us-gov:lambda:eu-west-1:002406178527:layer:Datadog-Extension-ARM:99"}, layers); diff != "" {
		t.Errorf("the layers in GovCloud (-want +got):\n%s", diff)
	}
}

func TestTemplate_Alarms(t *testing.T) {
	watched := map[string]string{}
	for name, r := range deploy(t, everything(withKeys)).resources {
		if r.kind != "AWS::CloudWatch::Alarm" {
			continue
		}
		what := r.properties["MetricName"].(string)
		for _, dimension := range items(r.properties["Dimensions"]) {
			what += " of " + get(dimension, "Value").(string)
		}
		watched[name] = fmt.Sprintf("%v of %s above %v in %v × %v s", r.properties["Statistic"], what,
			r.properties["Threshold"], r.properties["EvaluationPeriods"], r.properties["Period"])
		// What nobody uses has no data, and that is no reason for an alarm; nor is it one for the end of a drill's.
		calm := map[bool]string{true: "ignore", false: "notBreaching"}[name == "DrillAlarm"]
		if missing := r.properties["TreatMissingData"]; missing != calm {
			t.Errorf("%s takes missing data for %v, want %s", name, missing, calm)
		}
		if description, _ := r.properties["AlarmDescription"].(string); description == "" {
			t.Errorf("%s does not say what to do", name)
		}
		for _, actions := range []string{"AlarmActions", "OKActions"} {
			if diff := cmp.Diff([]string{"arn:aws:sns:eu-west-1:123456789012:alarms"}, texts(r.properties[actions])); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", actions, name, diff)
			}
		}
	}
	want := map[string]string{
		"DeadLetterAlarm":     "Maximum of ApproximateNumberOfMessagesVisible of DeadLetterQueue.QueueName above 0 in 1 × 60 s",
		"OldestMessageAlarm":  "Maximum of ApproximateAgeOfOldestMessage of RedeliveryQueue.QueueName above 900 in 1 × 60 s",
		"WebhookErrorAlarm":   "Sum of Url5xxCount of WebhookFunction above 0 in 1 × 300 s",
		"WebhookRefusalAlarm": "Sum of Url4xxCount of WebhookFunction above 10 in 1 × 300 s",
		"ThrottleAlarm":       "Sum of Throttles of WebhookFunction above 0 in 1 × 60 s",
		"RedeliverErrorAlarm": "Sum of Errors of RedeliverFunction above 0 in 1 × 300 s",
		"ReconcileAlarm":      "Sum of Errors of ReconcileFunction above 0 in 3 × 300 s",
		"MissingAlertAlarm":   "Sum of MissingAlerts above 0 in 1 × 300 s",
		"RotationAlarm":       "Sum of Errors of SetupFunction above 0 in 1 × 300 s",
		"DrillAlarm":          "Sum of Errors of DrillFunction above 0 in 1 × 300 s",
	}
	if diff := cmp.Diff(want, watched); diff != "" {
		t.Errorf("what the alarms watch (-want +got):\n%s", diff)
	}
	if silent := deploy(t, withKeys).resources["DeadLetterAlarm"].properties["AlarmActions"]; len(texts(silent)) > 0 {
		t.Errorf("without a topic it notifies %v", silent)
	}
}

func TestTemplate_leaves_nothing_behind(t *testing.T) {
	holds := []string{"AWS::SecretsManager::Secret", "AWS::DynamoDB::Table", "AWS::SQS::Queue"}
	seen := 0
	for name, r := range deploy(t, everything(withKeys)).resources {
		for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
			said := r.whole[policy]
			if said != nil && said != "Delete" || said == nil && slices.Contains(holds, r.kind) {
				t.Errorf("%s of %s is %v, want Delete", policy, name, said)
			}
		}
		if slices.Contains(holds, r.kind) {
			seen++
		}
	}
	if seen != 5 {
		t.Errorf("%d resources hold something, and this test knows of 5", seen)
	}
}
