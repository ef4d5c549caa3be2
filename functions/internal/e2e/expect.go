package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// Scheduled is what EventBridge sends
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html).
var Scheduled = json.RawMessage(`{"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event",` +
	`"source":"aws.events","account":"123456789012","time":"2026-11-21T10:00:00Z","region":"eu-west-1","resources":[],"detail":{}}`)

// MustExit fails the test unless the instance ends before it asks for work, and says why.
func (i *Instance) MustExit(t testing.TB, reasons ...string) {
	t.Helper()
	if err := i.Ready(); err == nil {
		t.Fatal("it started")
	}
	if err := i.Ended(); err != nil {
		t.Fatalf("%v; it wrote %s", err, i.Output())
	}
	for _, reason := range reasons {
		if !strings.Contains(i.Output(), reason) {
			t.Errorf("it does not name %q: %s", reason, i.Output())
		}
	}
}
