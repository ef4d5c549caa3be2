package event

import (
	"encoding/json"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// The bounds of the sample of a log monitor's lines.
const (
	maxSampleLines = 5
	maxSampleLine  = 300
)

// sampleRow is one line of $LOGS_SAMPLE, with the values of its columns
// (https://docs.datadoghq.com/integrations/webhooks/).
type sampleRow struct {
	Items   []any `json:"items"`
	Message any   `json:"message"`
}

// sampleLogs returns the first lines of a log monitor's $LOGS_SAMPLE, which is an object, or
// a text if the payload quotes it.
func sampleLogs(a alert.Alert) enrich.Finding {
	found := enrich.Finding{Title: "Sample logs", Weight: enrich.Important}
	lines := sampleLines(a.LogsSample)
	if len(lines) == 0 {
		return found
	}
	more := max(0, len(lines)-maxSampleLines)
	found.Blocks = append(found.Blocks, enrich.Code(strings.Join(lines[:len(lines)-more], "\n")), enrich.List{More: more})
	return found
}

func sampleLines(sample json.RawMessage) (lines []string) {
	var text string
	if json.Unmarshal(sample, &text) == nil {
		sample = json.RawMessage(text)
	}
	var table struct {
		Rows []sampleRow `json:"rows"`
	}
	if json.Unmarshal(sample, &table) != nil && json.Unmarshal(sample, &table.Rows) != nil {
		for l := range strings.Lines(text) {
			if l = enrich.Line(l, maxSampleLine); l != "" {
				lines = append(lines, l)
			}
		}
		return lines
	}
	for _, row := range table.Rows {
		cells := append(row.Items, row.Message)
		texts := make([]string, len(cells))
		for i, cell := range cells {
			texts[i] = enrich.Text(cell)
		}
		if l := enrich.Line(joinNonEmpty(" · ", texts...), maxSampleLine); l != "" {
			lines = append(lines, l)
		}
	}
	return lines
}
