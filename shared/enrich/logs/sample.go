package logs

import (
	"encoding/json"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

// maxSampled bounds the sample, of which Datadog sends some ten lines.
const maxSampled = 100

// sampled returns the lines that the alert of a log monitor brings along in
// $LOGS_SAMPLE: an object, or a text that holds one, as the payload's template has
// it (https://docs.datadoghq.com/integrations/webhooks/). They have no times.
func sampled(a alert.Alert) []datadog.Log {
	raw := []byte(a.LogsSample)
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = []byte(text)
	}
	var sample struct {
		Rows []struct {
			Message string `json:"message"`
		} `json:"rows"`
	}
	_ = json.Unmarshal(raw, &sample) // What is of another shape has no lines.
	var lines []datadog.Log
	for _, row := range sample.Rows[:min(len(sample.Rows), maxSampled)] {
		if message := strings.TrimSpace(row.Message); message != "" {
			lines = append(lines, datadog.Log{Message: message})
		}
	}
	return lines
}
