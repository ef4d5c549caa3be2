package alert

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// keyRow says which keys besides a variable's own name hold the variable, if the value
// meets the condition. Keys are canonical, so one spelling stands for alert_id, alertId,
// ALERT-ID and "alert": {"id"}.
type keyRow struct {
	variable string
	kind     keyKind
	when     func(string) bool // Nil accepts all values.
	keys     string            // Best first.
}

// keyKind is whether a key may also mean something else. A guess fills a field only if
// no certain key does, stays in Extra, and is never Unreadable.
type keyKind int

const (
	certain keyKind = iota
	guess
)

// keyTable has all keys but the variables' names, with those of partners' templates
// ($DATE_POSIX, $LAST_UPDATED_POSIX). To add a key, add it here. Where rows share a key,
// the first row that accepts the value counts, before the variable of that name.
var keyTable = []keyRow{
	// Templates confuse $PRIORITY and $ALERT_PRIORITY, whose values differ.
	{"ALERT_PRIORITY", certain, hasPriority, "priority event_priority"},
	{"PRIORITY", certain, isOneOf("event_priority"), "alert_priority monitor_priority"},

	{"ALERT_PRIORITY", guess, isOneOf("priority"), "severity urgency level case_priority prio"},
	{"ID", certain, isEventID, "id event_id alert_instance_id"},
	{"ID", guess, isEventID, "alert_uid alert_id monitor_id"},
	{"ALERT_ID", guess, isMonitorID, "id event_id"},
	{"ALERT_TRANSITION", guess, isTransition, "status state alert_status alert_state event_status monitor_status monitor_state action event_action message_type severity"},
	{"ALERT_TYPE", guess, isOneOf("type"), "type severity level alert_level alert_status status"},
	{"EVENT_TYPE", guess, isEventType, "type"},
	{"ALERT_ID", guess, isWholeNumber, "monitor"},
	{"ORG_ID", guess, isWholeNumber, "org organization organisation"},

	{"AGGREG_KEY", certain, nil, "aggregation_key aggregate"},
	{"ALERT_CYCLE_KEY", certain, nil, "cycle_key alert_cycle_id cycle_id"},
	{"ALERT_ID", certain, isShort, "alert_id monitor_id"},
	{"ALERT_METRIC", certain, nil, "metric metric_name"},
	{"ALERT_PRIORITY", certain, nil, "monitor_priority"},
	{"ALERT_QUERY", certain, isQuery, "monitor_query query"},
	{"ALERT_SCOPE", certain, nil, "alert_scopes monitor_scope scope scopes groups"},
	{"ALERT_TITLE", certain, nil, "alert_name monitor_title"},
	{"ALERT_TYPE", certain, isNoLevelWord, "alert_type"},
	{"ALERT_TRANSITION", certain, isNoStateWord, "alert_transition transition event_transition monitor_transition"},
	{"DATE", certain, nil, "date_posix event_date alert_date date_happened"},
	{"LAST_UPDATED", certain, nil, "last_updated_posix"},
	{"EVENT_TITLE", certain, nil, "title event_name"},
	{"EVENT_MSG", certain, nil, "event_message body message text msg event_body event_text alert_message alert_body alert_msg alert_text monitor_message"},
	{"TEXT_ONLY_MSG", certain, nil, "text_only_message text_msg text_message text_only"},
	{"PRIORITY", certain, nil, "event_priority"},
	{"HOSTNAME", certain, isHost, "host_name host"},
	{"TAGS", certain, nil, "alert_tags event_tags monitor_tags"},
	{"LINK", certain, nil, "event_url url alert_url event_link alert_link"},
	{"SNAPSHOT", certain, nil, "snapshot_url images_src"},
	{"METRIC_NAMESPACE", certain, nil, "alert_metric_namespace"},
	{"ORG_ID", certain, nil, "organization_id organisation_id"},
	{"ORG_NAME", certain, nil, "organization_name organisation_name"},
	{"EMAIL", certain, hasNoSpace, "email user_email"},
	{"LOGS_SAMPLE", certain, nil, "logs log_sample sample_logs"},
	{"INCIDENT_MSG", certain, nil, "incident_message"},
	{"INCIDENT_PUBLIC_ID", certain, nil, "incident_pub_id"},
	{"SECURITY_RULE_MATCHED_QUERIES", certain, nil, "security_rule_query"},
	{"SECURITY_SIGNAL_MSG", certain, nil, "security_signal_message signal_msg signal_message"},
	{"SECURITY_SIGNAL_TITLE", certain, nil, "signal_title"},
	{"SECURITY_SIGNAL_SEVERITY", certain, nil, "signal_severity"},
	{"SECURITY_RULE_NAME", certain, nil, "rule_name"},
	{"SYNTHETICS_TEST_NAME", certain, nil, "test_name"},

	{"ALERT_STATUS", guess, func(s string) bool { return !hasNoSpace(s) }, "status"},
	{"ALERT_TITLE", guess, nil, "monitor_name monitor alert name check"},
	{"EVENT_TITLE", guess, func(s string) bool { return !strings.Contains(s, "\n") }, "summary subject short_description entity_display_name case_title"},
	{"EVENT_MSG", guess, nil, "summary case_description case_message case_msg description event_description alert_description detailed_description details content state_message"},
	{"DATE", guess, nil, "timestamp event_time event_ts event_timestamp occurred_at triggered_at fired_at fire_time start_time state_start_time started_at starts_at time alert_time"},
	{"LAST_UPDATED", guess, nil, "updated_at"},
	{"TAGS", guess, areTags, "labels"},
	{"LINK", guess, nil, "link_to_upstream_details datadog_url case_url case_link"},
	{"SNAPSHOT", guess, nil, "image_url image"},
	{"ORG_NAME", guess, nil, "org organization organisation"},
	{"INCIDENT_PUBLIC_ID", guess, nil, "public_id"},
}

// entities are containers that describe another object: a key of one word inside, such
// as "id", is not the alert's, unless container and key together name a variable, as
// org.id does.
var entities = sync.OnceValue(func() map[string]bool {
	set := make(map[string]bool)
	for name := range strings.FieldsSeq("account actor app application assignee author channel cluster commander creator customer " +
		"dashboard device env environment group header headers host incident integration log notificationtarget org organisation " +
		"organization owner policy project receiver recipient region requester rule runbook schedule security sender " +
		"service signal source synthetics target team tenant test user users") {
		set[name] = true
	}
	return set
})

// keyMapping says that a key holds a variable, if when accepts the value's text.
type keyMapping struct {
	variable int // Index into variables.
	rank     int // Among the keys of the variable: its own name, then those of the table.
	kind     keyKind
	when     func(string) bool
	source   string // The key, as the table spells it.
}

// keyMappings finds the mappings of a canonical key, in order: the first one that
// accepts the value counts. It is built for the first alert, because most functions
// decode none.
var keyMappings = sync.OnceValue(func() map[string][]keyMapping {
	byKey := make(map[string][]keyMapping)
	add := func(key string, m keyMapping) {
		k := canonical(key)
		byKey[k] = append(byKey[k], m)
	}
	indexes := make(map[string]int)
	for i, v := range variables() {
		indexes[v.name] = i
	}
	for _, row := range keyTable {
		for i, key := range strings.Fields(row.keys) {
			add(key, keyMapping{indexes[row.variable], 1 + i, row.kind, row.when, key})
		}
	}
	for name, i := range indexes {
		if !slices.ContainsFunc(byKey[canonical(name)], func(m keyMapping) bool { return m.variable == i }) {
			add(name, keyMapping{variable: i, source: strings.ToLower(name)})
		}
	}
	return byKey
})

// maxKey is how many bytes of a key are read. Those of the table are shorter.
const maxKey = 64

// canonical returns the key's letters and digits, in lower case. It keeps all other characters
// than ASCII's, so that a key in another script never equals one of the table.
func canonical(key string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r >= utf8.RuneSelf:
			return r
		}
		return -1
	}, key[:min(len(key), maxKey)])
}

// mappingsOf returns the mappings of a key inside a container, or at the top level
// when container is empty. Container and key together come first: org.id is $ORG_ID
// only.
func mappingsOf(container, key string) []keyMapping {
	outer, inner := canonical(container), canonical(key)
	if found := keyMappings()[outer+inner]; found != nil {
		return found
	}
	found := keyMappings()[inner]
	for _, tool := range []string{"datadog", "dd"} { // dd_title is title.
		if rest, prefixed := strings.CutPrefix(inner, tool); prefixed && found == nil {
			found = keyMappings()[rest]
		}
	}
	if len(found) > 0 && entities()[outer] && !strings.Contains(found[0].source, "_") {
		return nil
	}
	return found
}

// mappingFor returns the mapping that accepts the value, or nil.
func mappingFor(container, key string, value any) *keyMapping {
	_, isObject := value.(map[string]any)
	_, isList := value.([]any)
	s, _ := scalar(value)
	s = strings.TrimSpace(s)
	found := mappingsOf(container, key)
	for i, m := range found {
		if (m.when == nil || m.when(s)) && !(isObject && !variables()[m.variable].object) && !(isList && m.kind == guess) {
			return &found[i]
		}
	}
	return nil
}

// guessNames are the fields that Guessed names, by variable.
var guessNames = map[string]string{
	"ID": "identity", "ALERT_ID": "monitor", "ALERT_TRANSITION": "state", "ALERT_PRIORITY": "priority", "ALERT_SCOPE": "group",
	"EVENT_TITLE": "title", "EVENT_MSG": "message", "LINK": "link",
}

// isContent reports whether the variable is a title, a message or a link.
func (v variable) isContent() bool {
	return slices.Contains([]string{"EVENT_TITLE", "ALERT_TITLE", "EVENT_MSG", "TEXT_ONLY_MSG", "LINK"}, v.name)
}

// takesObject reports whether an object under a key with these mappings is a value.
func takesObject(found []keyMapping) bool {
	return slices.ContainsFunc(found, func(m keyMapping) bool { return m.kind == certain && variables()[m.variable].object })
}

// Known reports whether a key certainly names a variable, in any spelling: "ALERT_ID",
// "alertId" and "org.id" do, "status" does not.
func Known(key string) bool {
	return slices.ContainsFunc(mappingsOf("", key), func(m keyMapping) bool { return m.kind == certain })
}

// isOneOf recognises the documented values of a field, in any case.
func isOneOf(field string) func(string) bool {
	return func(s string) bool {
		return slices.ContainsFunc(Values(field), func(value string) bool { return strings.EqualFold(value, s) })
	}
}

func hasPriority(s string) bool { return priorityOf(s) != "" }

func isTransition(s string) bool {
	_, known := ParseTransition(s)
	return known
}

// isNoStateWord leaves out other tools' words for a state, such as resolved, which stateByWord reads.
func isNoStateWord(s string) bool { return stateOfWord(s) == "" }

// isNoLevelWord leaves out other tools' words for a state or a severity, which stateByWord and urgent read.
func isNoLevelWord(s string) bool { return isOneOf("type")(s) || isNoStateWord(s) && urgent(s) == "" }

// areTags recognises a list with a key and its value. Other labels are those of the tool that reads them.
func areTags(s string) bool {
	hasValue := false
	for tag := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(tag), ":")
		if !hasNoSpace(key+value) || strings.HasPrefix(value, "//") {
			return false
		}
		hasValue = hasValue || key != "" && value != ""
	}
	return hasValue
}

// isHost leaves out a scope.
func isHost(s string) bool { return !strings.ContainsAny(s, "*,") && !strings.HasPrefix(s, "host:") }

// isQuery leaves out what GraphQL calls a query.
func isQuery(s string) bool {
	return !strings.HasPrefix(s, "mutation") && !strings.HasPrefix(s, "query") && !strings.HasPrefix(s, "{")
}

// isEventType recognises the documented event types: query_alert_monitor, log_alert,
// service_check.
func isEventType(s string) bool {
	return strings.HasSuffix(s, "_alert") || strings.HasSuffix(s, "_monitor") || s == "service_check"
}

// isEventID recognises the 64-bit ids of events. Other numbers are shorter: a monitor's
// id, and a date in milliseconds.
func isEventID(s string) bool {
	_, err := strconv.ParseUint(wholeNumber(s), 10, 63)
	return err == nil && len(wholeNumber(s)) >= 16
}

// isMonitorID leaves out the numbers that count something.
func isMonitorID(s string) bool { return len(wholeNumber(s)) >= 4 && isWholeNumber(s) && isShort(s) }

// isShort reports whether a monitor's id can have as many digits. 0 is none.
func isShort(s string) bool { return len(wholeNumber(s)) <= 12 && s != "0" }

func hasNoSpace(s string) bool { return !strings.ContainsFunc(s, unicode.IsSpace) }

func isWholeNumber(s string) bool { return isDigits(wholeNumber(s)) }

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
