package telemetry

import (
	"context"
	"strconv"
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

// Record adds a value to what is told about the invocation in ctx, with a value for
// each tag. A tag whose value is empty is left out.
func (m Metric) Record(ctx context.Context, value float64, tags ...string) {
	s := spanOf(ctx)
	if s == nil {
		return
	}
	s.invocation.measure(m.line(value, tags))
}

// line is a distribution as DogStatsD writes it
// (https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/).
func (m Metric) line(value float64, tags []string) []byte {
	b := append([]byte(m.Name), ':')
	b = strconv.AppendFloat(b, value, 'f', -1, 64)
	b = append(b, "|d"...)
	separator := "|#"
	for i, name := range m.Tags {
		if i >= len(tags) || tags[i] == "" {
			continue
		}
		b = append(b, separator+name+":"+tagValue(tags[i])...)
		separator = ","
	}
	return b
}

// maxTagValue bounds one value; Datadog takes 200 characters for a whole tag.
const maxTagValue = 100

// tagValue writes a value as Datadog stores it, without what would end it.
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

// maxPacket is what the extension reads of one packet.
const maxPacket = 8 << 10

// packets joins lines into as few packets as there can be.
func packets(lines [][]byte) [][]byte {
	var all [][]byte
	var packet []byte
	for _, line := range lines {
		if len(packet) > 0 && len(packet)+1+len(line) > maxPacket {
			all, packet = append(all, packet), nil
		}
		if len(packet) > 0 {
			packet = append(packet, '\n')
		}
		packet = append(packet, line...)
	}
	return append(all, packet)
}
