package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"boomerang/shared/alert"
)

// cut leaves a part of the message out. It says whether there was anything to leave out.
type cut struct {
	part string // as the alert's JSON names it
	drop func(*Message) bool
}

// cuts is the order in which parts give way to the size limit: first what is
// said elsewhere, then what only adds detail, then what a playbook may want, and
// last of all everything but what identifies and describes the alert.
var cuts = []cut{
	{"text", func(m *Message) bool { // Message without its markdown.
		return m.Alert.Message != "" && clearText(&m.Alert.Text)
	}},
	{"logs_sample", func(m *Message) bool { return clearRaw(&m.Alert.LogsSample) }},
	{"synthetics", func(m *Message) bool { return clearRaw(&m.Alert.Synthetics.Summary) }},
	{"security", func(m *Message) bool {
		s := &m.Alert.Security
		return clearRaw(&s.RuleQueries, &s.RuleGroupByFields, &s.SignalAttributes)
	}},
	{"incident", func(m *Message) bool {
		i := &m.Alert.Incident
		return clearRaw(&i.Attachments, &i.Commander, &i.CustomerImpact, &i.Fields, &i.Integrations, &i.Todos)
	}},
	{"extra", func(m *Message) bool {
		had := len(m.Alert.Extra) > 0
		m.Alert.Extra = nil
		return had
	}},
	{"alert", func(m *Message) bool {
		m.Alert, m.Reason, m.Trace = essence(m.Alert), shorten(m.Reason, maxFieldBytes), nil
		return true
	}},
}

// leftOut is the reason that people read beside the part's name.
const leftOut = "left out: the alert was too large for the redelivery queue"

// apply drops the part and notes it. The note goes into a new list, because the
// old one is the caller's.
func (c cut) apply(m *Message) bool {
	if !c.drop(m) {
		return false
	}
	m.Alert.Unreadable = slices.Concat(m.Alert.Unreadable, []alert.Problem{{Field: c.part, Reason: leftOut}})
	return true
}

func clearText(s *string) bool {
	had := *s != ""
	*s = ""
	return had
}

// clearRaw empties JSON parts, those that are not valid JSON included.
func clearRaw(parts ...*json.RawMessage) bool {
	had := false
	for _, p := range parts {
		had = had || len(*p) > 0
		*p = nil
	}
	return had
}

// What is left of an alert that fits in no other way. An event shows at most
// 4,000 characters, so these cost it nothing but the details named above.
const (
	maxMessageTextBytes = 16 << 10
	maxFieldBytes       = 1 << 10
	maxTags             = 100
	maxTagBytes         = 200
	maxNotes            = 20
)

// essence is what identifies and describes an alert, each part shortened.
func essence(a alert.Alert) alert.Alert {
	short := func(s string) string { return shorten(s, maxFieldBytes) }
	e := alert.Alert{
		ID:            identity(a.ID),
		AggregKey:     identity(a.AggregKey),
		CycleKey:      identity(a.CycleKey),
		MonitorID:     short(a.MonitorID),
		Metric:        short(a.Metric),
		Priority:      short(a.Priority),
		Query:         short(a.Query),
		Scope:         short(a.Scope),
		Status:        short(a.Status),
		AlertTitle:    short(a.AlertTitle),
		Transition:    alert.Transition(short(string(a.Transition))),
		Type:          short(a.Type),
		Date:          a.Date,
		LastUpdated:   a.LastUpdated,
		Title:         short(a.Title),
		Message:       shorten(a.Message, maxMessageTextBytes),
		Text:          shorten(a.Text, maxMessageTextBytes),
		EventType:     short(a.EventType),
		EventPriority: short(a.EventPriority),
		Hostname:      short(a.Hostname),
		Link:          short(a.Link),
		Snapshot:      short(a.Snapshot),
		OrgID:         identity(a.OrgID),
		OrgName:       short(a.OrgName),
		Test:          a.Test,
		Digest:        identity(a.Digest),
	}
	for _, tag := range a.Tags[:min(len(a.Tags), maxTags)] {
		e.Tags = append(e.Tags, shorten(tag, maxTagBytes))
	}
	// The newest notes are those of the cuts before this one.
	for _, p := range a.Unreadable[max(0, len(a.Unreadable)-maxNotes):] {
		e.Unreadable = append(e.Unreadable, alert.Problem{Field: shorten(p.Field, maxTagBytes), Reason: shorten(p.Reason, maxTagBytes)})
	}
	return e
}

// identity keeps different ids different, which shortening does not: two alerts
// with one key would be taken for one.
func identity(s string) string {
	if len(s) <= maxFieldBytes {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// shorten returns at most limit bytes of s, and no half character.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}
