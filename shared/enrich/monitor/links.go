package monitor

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// The kinds of page, in the order in which a person on call wants them.
const (
	kindRunbook   = "runbook"
	kindDashboard = "dashboard"
	kindResource  = "" // Any other page; naming it would tell nobody anything.
)

var kindOrder = []string{kindRunbook, kindDashboard, kindResource}

const (
	maxLinks     = 8
	maxLinkTitle = 80
)

var (
	saysRunbook   = enrich.Pattern(`(?i)run-? ?book|play-? ?book|wiki|confluence|\bnotion\b|\bdocs?\b`)
	addressStart  = enrich.Pattern(`https?://`)
	templateBlock = enrich.Pattern(`\{\{[#^/][^}]*\}\}`)
	tagVariable   = enrich.Pattern(`\{\{\s*([\w.-]+)\.name\s*\}\}`)
)

// links returns the pages that a monitor's owners attached to it and those that
// its message names: runbooks, then dashboards, then the rest, each once.
// Addresses that are no pages are left out: webhooks, images, those that carry a
// password, and those that keep a template variable without a value.
func links(m datadog.Monitor, tags alert.Tags) enrich.Links {
	var all []mention
	for _, asset := range m.Assets {
		all = append(all, mention{address: asset.URL, title: asset.Name, label: asset.Category})
	}
	all = append(all, mentions(filled(m.Message, tags))...)

	var found enrich.Links
	seen := make(map[string]bool)
	for _, m := range all {
		if page, ok := m.page(); ok && !seen[page.URL] {
			seen[page.URL] = true
			found = append(found, page)
		}
	}
	slices.SortStableFunc(found, func(a, b enrich.Link) int {
		return cmp.Compare(slices.Index(kindOrder, a.Kind), slices.Index(kindOrder, b.Kind))
	})
	return found[:min(len(found), maxLinks)]
}

// filled is a message, which is a template, with the tags' values in it:
// {{host.name}} stands for the value of the tag "host"
// (https://docs.datadoghq.com/monitors/notify/variables/).
func filled(message string, tags alert.Tags) string {
	message = templateBlock().ReplaceAllString(message, " ")
	return tagVariable().ReplaceAllStringFunc(message, func(variable string) string {
		if value := tags.Get(tagVariable().FindStringSubmatch(variable)[1]); value != "" {
			return url.PathEscape(value)
		}
		return variable
	})
}

// mention is an address as it stands in a text.
type mention struct {
	address string
	title   string // the words of a markdown link, empty for a bare address
	label   string // the words before it on its line
	image   bool   // markdown shows it in place of linking to it
}

func mentions(text string) []mention {
	var all []mention
	end := 0
	for _, start := range addressStart().FindAllStringIndex(text, -1) {
		from := start[0]
		if from < end {
			continue // An address inside another's query.
		}
		m := mention{address: address(text[from:])}
		before := text[end:from]
		before = before[strings.LastIndexByte(before, '\n')+1:]
		if opening, ok := strings.CutSuffix(strings.TrimSuffix(before, "<"), "]("); ok {
			before, m.title, m.image = linkWords(opening)
		}
		m.label = strings.TrimSpace(before)
		all = append(all, m)
		end = from + len(m.address)
	}
	return all
}

// address returns the address that text begins with. Punctuation after it
// belongs to the sentence, and so does a bracket that it did not open.
func address(text string) string {
	open := 0
	end := strings.IndexFunc(text, func(r rune) bool {
		switch r {
		case '(':
			open++
		case ')':
			open--
		}
		return open < 0 || r <= ' ' || strings.ContainsRune("<>[]\"'`|\\", r)
	})
	if end >= 0 {
		text = text[:end]
	}
	return strings.TrimRight(text, ".,;:!?*")
}

// linkWords splits what stands before "](": what comes before the link, the
// link's words, and whether it is an image.
func linkWords(text string) (before, words string, image bool) {
	depth := 1
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case ']':
			depth++
		case '[':
			depth--
		}
		if depth == 0 {
			before, image = strings.CutSuffix(text[:i], "!")
			return before, strings.TrimSpace(text[i+1:]), image
		}
	}
	return text, "", false
}

// page returns the link for a mention, and whether it leads to a page at all.
func (m mention) page() (enrich.Link, bool) {
	u, err := url.Parse(m.address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || m.image ||
		strings.Contains(m.address, "{{") || isImage(u) || isWebhook(u) {
		return enrich.Link{}, false
	}
	title := m.title
	if title == "" {
		title = u.Host + strings.TrimSuffix(u.Path, "/")
	}
	if runes := []rune(title); len(runes) > maxLinkTitle {
		title = string(runes[:maxLinkTitle-1]) + "…"
	}
	return enrich.Link{Kind: m.kind(u), Title: title, URL: m.address}, true
}

func (m mention) kind(u *url.URL) string {
	switch {
	case saysRunbook().MatchString(m.title), saysRunbook().MatchString(m.label):
		return kindRunbook
	case strings.Contains(u.Path, "/dashboard/"):
		return kindDashboard
	case saysRunbook().MatchString(m.address):
		return kindRunbook
	}
	return kindResource
}

func isImage(u *url.URL) bool {
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp":
		return true
	}
	return false
}

// isWebhook reports whether the address takes messages. Whoever knows such an
// address may post to it, so it must not spread.
func isWebhook(u *url.URL) bool {
	parts := strings.FieldsFunc(strings.ToLower(u.Hostname()+u.Path), func(r rune) bool { return r == '.' || r == '/' })
	return slices.ContainsFunc(parts, func(part string) bool {
		switch part {
		case "hooks", "webhook", "webhooks", "webhookb2", "incomingwebhook":
			return true
		}
		return false
	}) || slices.Contains(messageIntakes, strings.ToLower(u.Hostname()))
}

// messageIntakes are hosts whose addresses hold a key and do not say "webhook".
var messageIntakes = []string{"chat.googleapis.com", "events.pagerduty.com", "api.telegram.org"}
