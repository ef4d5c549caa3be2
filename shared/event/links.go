package event

import (
	"cmp"
	"net/url"
	"strings"

	"boomerang/shared/alert"
)

// maxURL keeps one long link from filling the event.
const maxURL = 1000

// markdownLink is a link, a picture or a plain address in markdown.
type markdownLink struct {
	whole     string
	title     string // It may be a picture.
	address   string
	isPicture bool
}

// links finds code, and the links, pictures and addresses outside it. An address may have pairs of
// parentheses, and stand in angle brackets; a link's address may have a title.
var links = alert.Pattern("`[^`]*`" + `|(!?)\[((?:[^\[\]\\]|\\.|!\[[^\[\]]*\]\([^\s()<>]+\))*)\]\(<?(https?://(?:\([^\s()<>]*\)|[^\s()<>])+)>?(?: "[^"\n]*"| '[^'\n]*')?\)` +
	"|<https?://[^\\s<>`]+>|https?://(?:\\([^\\s()<>\\[\\]\"'`|]*\\)|[^\\s()<>\\[\\]\"'`|])+")

// chatLink is a link as chats such as Slack write it.
var chatLink = alert.Pattern(`<https?://[^\s<>|]+\|[^<>\n]+>`)

func withMarkdownLinks(text string) string {
	return chatLink().ReplaceAllStringFunc(text, func(l string) string {
		address, title, _ := strings.Cut(strings.Trim(l, "<>"), "|")
		return linkTo(brackets.Replace(title), address)
	})
}

// replaceLinks replaces the links of a text.
func replaceLinks(text string, with func(markdownLink) string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	var out strings.Builder
	at := 0
	for _, m := range links().FindAllStringSubmatchIndex(text, -1) {
		whole := text[m[0]:m[1]]
		l := markdownLink{whole: whole, address: strings.Trim(strings.TrimRight(whole, ".,;:!?*_~"), "<>")}
		switch {
		case whole[0] == '`':
			continue
		case m[6] >= 0:
			l.isPicture, l.title, l.address = m[2] < m[3], text[m[4]:m[5]], text[m[6]:m[7]]
		}
		out.WriteString(text[at:m[0]])
		out.WriteString(with(l))
		at = m[1]
	}
	out.WriteString(text[at:])
	return out.String()
}

// link renders a page in at most limit characters, or only its title if the address is
// unusable or has no room. The title is truncated and never the address.
func link(title, address string, limit int) string {
	address = webAddress(address, maxURL)
	room := limit - length(address) - len("[]()")
	if address == "" || room < len(untitled) {
		return escape(title)
	}
	return linkTo(truncate(linkTitle(title), room), address)
}

// linkTo renders a link from the results of linkTitle and webAddress.
func linkTo(title, address string) string { return "[" + title + "](" + address + ")" }

// untitled is the title of a page without one.
const untitled = "open"

func linkTitle(title string) string { return brackets.Replace(cmp.Or(escape(title), untitled)) }

// brackets would end a link's title early. Some are escaped already.
var brackets = strings.NewReplacer("[", "\\[", "]", "\\]", "\\]", "\\]")

// webAddress returns an address in the form that markdown and Datadog need, or nothing
// if it is not an http(s) address of at most limit bytes.
func webAddress(address string, limit int) string {
	parsed, err := url.Parse(strings.TrimSpace(clean(address)))
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" {
		return ""
	}
	// Two percent signs escape nothing, and with the one of an escape they make a mark.
	encoded := reserved.Replace(strings.ReplaceAll(parsed.String(), "%%", "%25%25"))
	if len(encoded) > limit {
		return ""
	}
	return encoded
}

// reserved are the characters of a URL that mean something to markdown.
var reserved = strings.NewReplacer("(", "%28", ")", "%29", "|", "%7C")

// pageKey is the same for all addresses of a page: those of a monitor at different times,
// and those of an event by both of its parameters.
func pageKey(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	path, query := strings.TrimSuffix(u.Path, "/"), u.RawQuery
	switch {
	case monitorPath().MatchString(path):
		return u.Host + path
	case path == "/event/event":
		query = u.Query().Get("id") + u.Query().Get("event_id")
	}
	return strings.ToLower(u.Host) + path + "?" + query + "#" + u.Fragment
}

var monitorPath = alert.Pattern(`^/monitors/\d+$`)

// maxMonitorURL is up to which length a monitor's address names its group.
const maxMonitorURL = 130

// shortAddress leaves out of a monitor's address what its page does not need: the time
// stays, and a short group.
func shortAddress(address string) string {
	u, err := url.Parse(line(address))
	if err != nil || !monitorPath().MatchString(u.Path) {
		return address
	}
	query := u.Query()
	u.RawQuery, u.Fragment = "", ""
	short, separator := u.String(), "?"
	for _, name := range []string{"from_ts", "to_ts", "group"} {
		parameter := separator + name + "=" + url.QueryEscape(query.Get(name))
		if query.Get(name) != "" && (name != "group" || len(short)+len(parameter) <= maxMonitorURL) {
			short, separator = short+parameter, "&"
		}
	}
	return short
}

// linkShare is which part of a text may be addresses: a quarter.
const linkShare = 4

// tooMuchAddress is by how many characters the addresses of a text exceed their share of it.
func tooMuchAddress(text string) int { return linkShare*AddressLength(text) - length(text) }

// AddressLength counts the characters of a text that are web addresses.
func AddressLength(text string) (n int) {
	for _, address := range addresses().FindAllString(text, -1) {
		n += length(address)
	}
	return n
}

var (
	addresses    = alert.Pattern("https?://[^\\s()<>`]+")
	monitorGroup = alert.Pattern(`(\(https?://\S+?/monitors/\d+\?[^)\s]*?)&group=[^)&\s]*`)
	pictures     = alert.Pattern(`(?m)^!\[[^\[\]]*\]\([^\s()<>]+\)$`)
)
