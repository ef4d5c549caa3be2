package enrich

import (
	"encoding/json"

	"boomerang/shared/alert"
)

// SampleRow is one line of $LOGS_SAMPLE, with the values of its columns.
type SampleRow struct {
	Items   []any
	Message any
}

// SampleLogs returns the lines of a log monitor's $LOGS_SAMPLE, which is an object, or a text
// that holds one if the payload quotes it. Anything else is returned as a text
// (https://docs.datadoghq.com/integrations/webhooks/).
func SampleLogs(a alert.Alert) (rows []SampleRow, text string) {
	raw := []byte(a.LogsSample)
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	raw = []byte(text)
	var table struct{ Rows []SampleRow }
	if json.Unmarshal(raw, &table) != nil && json.Unmarshal(raw, &table.Rows) != nil {
		return nil, text
	}
	return table.Rows, ""
}
