package scale

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.yaml.in/yaml/v4"
)

const (
	month = 30 * 24 * 60 // minutes

	// Lambda waits for messages with five calls at once, each of 20 seconds
	// (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html).
	pollsPerMinute = 5 * 60 / 20

	reconciled = month / 5 // It runs every five minutes.
)

// reconcileMonth is what reconcile uses without an alert; the logs are with Lambda's own lines.
var reconcileMonth = usage{
	invocations: reconciled, seconds: reconciled, writeUnits: reconciled, readUnits: 2 * reconciled, secretCalls: reconciled, logBytes: 2000 * reconciled,
}

// TestIdle holds the prices in the README to the template and to the storm's bill.
func TestIdle(t *testing.T) {
	raw, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Condition  string `yaml:"Condition"`
			Properties struct {
				Events map[string]struct {
					Type string `yaml:"Type"`
				} `yaml:"Events"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(raw, &template); err != nil {
		t.Fatal(err)
	}
	secrets, alarms, queues := 0, 0, 0
	for _, r := range template.Resources {
		switch {
		case r.Type == "AWS::SecretsManager::Secret":
			secrets++
		case r.Type == "AWS::CloudWatch::Alarm" && r.Condition == "":
			alarms++
		}
		for _, e := range r.Properties.Events {
			if e.Type == "SQS" {
				queues++
			}
		}
	}
	perThousand := 0.0
	synctest.Test(t, func(t *testing.T) {
		k := newStorm(scenario{name: "calm", rate: 1000, lasts: 100 * time.Millisecond, workers: 5, monitors: 4})
		k.sent = new(atomic.Int64)
		k.run(t)
		perThousand = k.perMillion("") / 1000
	})
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	ofSecrets, ofAlarms := usage{secretMonths: float64(secrets)}.cost(""), usage{alarmMonths: float64(alarms)}.cost("")
	ofQueues, ofReconcile := usage{sqsRequests: float64(queues * pollsPerMinute * month)}.cost(""), reconcileMonth.cost("")
	want := fmt.Sprintf("An idle stack costs $%.2f a month: $%.2f for %d secrets, $%.2f for %d alarms, $%.2f for polling %d empty queues, $%.2f for reconcile. 1,000 alerts cost $%.2f.",
		ofSecrets+ofAlarms+ofQueues+ofReconcile, ofSecrets, secrets, ofAlarms, alarms, ofQueues, queues, ofReconcile, perThousand)
	if !strings.Contains(strings.Join(strings.Fields(string(readme)), " "), want) {
		t.Errorf("README.md does not say: %s", want)
	}
}
