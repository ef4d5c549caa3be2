package event

import (
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// The bounds of the sample of a log monitor's lines.
const (
	maxSampleLines = 5
	maxSampleLine  = 300
)

// sampleLogs returns the first lines of a log monitor's sample.
func sampleLogs(a alert.Alert) enrich.Finding {
	rows, text := enrich.SampleLogs(a)
	lines := strings.Split(text, "\n")
	for _, row := range rows {
		var cells []string
		for _, cell := range append(row.Items, row.Message) {
			cells = append(cells, enrich.Text(cell))
		}
		lines = append(lines, joinNonEmpty(partBreak, cells...))
	}
	for i, l := range lines {
		lines[i] = enrich.Line(l, maxSampleLine)
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" })
	more := max(0, len(lines)-maxSampleLines)
	return enrich.Finding{Title: "Sample logs", Weight: enrich.Important, Blocks: []enrich.Block{
		enrich.Code(strings.Join(lines[:len(lines)-more], "\n")), enrich.List{More: more},
	}}
}
