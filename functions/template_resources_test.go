package functions_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/internal/drill"
	"boomerang/shared/pipeline"
	messages "boomerang/shared/queue"
)

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
	// The alarm ignores a message that waits, and notices one that is as late as an alert may be.
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
		"TokenRotation": "map[RotateImmediatelyOnUpdate:false RotationLambdaARN:SetupFunction.Arn RotationRules:map[AutomaticallyAfterDays:RotateTokenDays] SecretId:WebhookSecret]",
	} {
		if got := whole.text("Resources", name, "Properties"); got != want {
			t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(want, got))
		}
	}
	if got := whole.text("Resources", "TokenRotation", "DependsOn"); got != "[DatadogSetup RotationPermission]" {
		t.Errorf("a rotation before Datadog has the token: DependsOn is %s", got)
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
			t.Errorf("the template lacks the condition %s", condition)
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
