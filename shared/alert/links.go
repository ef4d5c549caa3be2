package alert

import (
	"net/url"
	"slices"
	"strings"
)

// link is what an address of Datadog says about an alert. The address is one of
// /event/event?id=1, /event/jump_to?event_id=1 and /monitors/1?event_id=2&group=host:a,
// each also with "#", on the host of any site or of a customer.
type link struct {
	source, address       string
	own                   bool // It is about this alert: from a field, or from Datadog's part of the message.
	event, monitor, group string
}

// links returns those of the link field and of the message.
func (a *Alert) links() []link {
	source := fromLink
	if !isAddress(a.Link) || a.guessedFrom("link", fromAddress) {
		source = fromAddress // Any text, or an address that may be a constant of the template.
	}
	return appendLinks(appendLinks(appendLinks(nil, a.Link, source), a.Message, fromMessage), a.Text, fromMessage)
}

// appendLinks appends the links of Datadog in a text of any markup.
func appendLinks(found []link, text, source string) []link {
	for at := 0; ; {
		start := strings.Index(text[at:], "http")
		if start < 0 {
			return found
		}
		start += at
		at = len(text)
		if end := strings.IndexAny(text[start:], " \t\r\n\"'<>()[]|\\`*"); end >= 0 {
			at = start + end
		}
		if l := readLink(text[start:at]); l != (link{}) {
			l.source, l.own = source, isOfDatadog(l.address) && (source == fromLink || isFooter(text[:start]))
			found = append(found, l)
		}
	}
}

// LinksToDatadog reports whether the link is Datadog's, and not another tool's.
func (a Alert) LinksToDatadog() bool { return isOfDatadog(a.Link) }

// isOfDatadog reports whether an address is on a host of Datadog.
func isOfDatadog(address string) bool {
	_, host, _ := strings.Cut(address, "://")
	host = "." + strings.ToLower(host[:max(0, strings.IndexAny(host, "/:"))])
	return strings.HasSuffix(host, ".datadoghq.com") || strings.HasSuffix(host, ".datadoghq.eu") || strings.HasSuffix(host, ".ddog-gov.com")
}

// isFooter reports whether a link after this text is one that Datadog adds to each
// message: at the graph, and to the monitor's status. A person may write other links.
func isFooter(before string) bool {
	const graph = "[![Metric Graph]("
	return strings.HasSuffix(before, "[Monitor Status](") ||
		strings.HasSuffix(before, ")](") && strings.Contains(before[max(0, len(before)-1024):], graph)
}

func readLink(address string) link {
	l := link{address: address}
	if strings.Contains(address, "%3Fevent_id%3D") || strings.Contains(address, "%26event_id%3D") { // A login page that leads to it.
		address, _ = url.QueryUnescape(address)
	}
	_, path, _ := strings.Cut(address, "://")
	_, path, _ = strings.Cut(path, "/")
	isEvent := strings.HasPrefix(path, "event/") || strings.HasPrefix(path, "#/event/") || strings.HasPrefix(path, "event?")
	for _, mark := range []string{"monitors/", "monitors#"} {
		if _, rest, _ := strings.Cut(path, mark); l.monitor == "" && isShort(leadingDigits(rest)) {
			l.monitor = leadingDigits(rest)
		}
	}
	isSeparator := func(r rune) bool { return r == '?' || r == '&' || r == ';' || r == '#' }
	for parameter := range strings.FieldsFuncSeq(path, isSeparator) {
		switch key, value, _ := strings.Cut(parameter, "="); {
		case key == "event_id", key == "id" && isEvent:
			if id := leadingDigits(value); isEventID(id) {
				l.event = id
			}
		case key == "group":
			group, _ := url.QueryUnescape(value)
			l.group = scopeOf(group)
		}
	}
	if !isEvent && l.monitor == "" {
		return link{}
	}
	return l
}

func leadingDigits(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}

// first returns the first link that has a value, and whether no other link has another.
func first(links []link, value func(link) string) (found link, only bool) {
	only = true
	for _, l := range links {
		switch v := value(l); {
		case v == "":
		case found == link{}:
			found = l
		default:
			only = only && v == value(found)
		}
	}
	return found, only
}

// ifOwn returns a value of Datadog's own link only.
func (l link) ifOwn(value string) string {
	if l.own {
		return value
	}
	return ""
}

// monitorOf returns the monitor of the links from a source: of Datadog's own one, or
// the only one that is linked.
func monitorOf(links []link, source string) string {
	links = slices.DeleteFunc(slices.Clone(links), func(l link) bool { return l.source != source })
	own, _ := first(links, func(l link) string { return l.ifOwn(l.monitor) })
	if l, only := first(links, func(l link) string { return l.monitor }); only {
		return l.monitor
	}
	return own.monitor
}
