package handler

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/pipeline"
)

// Each way in which an alert ends has an answer, and a row in the contract.
func TestOutcomeResponse_Statuses(t *testing.T) {
	source, err := os.ReadFile("../../../shared/pipeline/outcome.go")
	if err != nil {
		t.Fatal(err)
	}
	contract, err := os.ReadFile("../../../events/README.md")
	if err != nil {
		t.Fatal(err)
	}
	statuses := regexp.MustCompile(`\sStatus\s*= "(\w+)"`).FindAllSubmatch(source, -1)
	if len(statuses) < 6 {
		t.Fatalf("outcome.go has %d statuses", len(statuses))
	}
	for _, found := range statuses {
		status := pipeline.Status(found[1])
		if status == pipeline.Acted {
			continue // Only a message ends so.
		}
		if _, err := outcomeResponse(pipeline.Outcome{Status: status}, alert.Alert{}); err != nil {
			t.Errorf("answer.go: %v", err)
		}
		if !strings.Contains(string(contract), `"status":"`+string(status)+`"`) {
			t.Errorf("events/README.md has no answer with the status %s", status)
		}
	}
}
