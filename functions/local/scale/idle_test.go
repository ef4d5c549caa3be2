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
	var s Stack
	for _, r := range template.Resources {
		switch {
		case r.Type == "AWS::SecretsManager::Secret":
			s.Secrets++
		case r.Type == "AWS::CloudWatch::Alarm" && r.Condition == "":
			s.Alarms++
		}
		for _, e := range r.Properties.Events {
			if e.Type == "SQS" {
				s.Queues++
			}
		}
	}
	perThousand := 0.0
	synctest.Test(t, func(t *testing.T) {
		k := newStorm(scenario{name: "calm", rate: 1000, lasts: 100 * time.Millisecond, workers: 5, monitors: 4})
		k.sent = new(atomic.Int64)
		k.run(t)
		perThousand = 1000 * k.usage.Cost().Total() / float64(k.alerts())
	})
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	i := s.Idle()
	want := fmt.Sprintf("An idle stack costs $%.2f a month: $%.2f for %d secrets, $%.2f for %d alarms, $%.2f for polling %d empty queues, $%.2f for reconcile. 1,000 alerts cost $%.2f.",
		i.Total(), i.Secrets, s.Secrets, i.Alarms, s.Alarms, i.Queues, s.Queues, i.Reconcile, perThousand)
	if !strings.Contains(strings.Join(strings.Fields(string(readme)), " "), want) {
		t.Errorf("README.md does not say: %s", want)
	}
}
