package telemetry

import (
	"context"
	"strings"
)

// Metric is one of the distributions that Boomerang sends. Its tags have few values
// each, since every combination of them costs the user a custom metric.
type Metric struct {
	Name    string
	Unit    string
	Meaning string
	Tags    []string // by name, in the order in which Record takes their values
}

// Record records a value, with a value for each tag. A tag without a value is left out.
func (m Metric) Record(ctx context.Context, value float64, values ...string) {
	backend := from(ctx).backend
	if backend == nil {
		return
	}
	var tags []string
	for i, name := range m.Tags {
		if i < len(values) && values[i] != "" {
			tags = append(tags, name+":"+tagValue(values[i]))
		}
	}
	backend.Distribution(m.Name, value, tags)
}

// maxTagValue bounds one value. Datadog takes 200 characters for a whole tag.
const maxTagValue = 100

// tagValue replaces what would end a tag in DogStatsD's format
// (https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/).
func tagValue(value string) string {
	value = strings.Map(func(r rune) rune {
		switch r {
		case '|', ',', '#', ' ', '\n', '\r', '\t':
			return '_'
		}
		return r
	}, strings.ToLower(strings.ToValidUTF8(value, "_")))
	runes := []rune(value)
	return string(runes[:min(len(runes), maxTagValue)])
}
