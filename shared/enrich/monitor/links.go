package monitor

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

const (
	kindRunbook   = "runbook"
	kindDashboard = "dashboard"
	kindOther     = ""

	maxLinks     = 8
	maxLinkTitle = 80
)

// kindOrder is the order in which a person on call needs the pages.
var kindOrder = []string{kindRunbook, kindDashboard, kindOther}

// webURL ends before a bracket that it did not open.
const webURL = "https?://(?:[^\\s<>()\\[\\]\"'`|\\\\]|\\([^\\s<>()\\[\\]\"'`|\\\\]*\\))*"

var (
	markdownLink  = alert.Pattern(`(!?)\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\(<?(` + webURL + `)|` + webURL)
	runbookWord   = alert.Pattern(`(?i)run-? ?book|play-? ?book|wiki|confluence|\bnotion\b|\bdocs?\b`)
	templateBlock = alert.Pattern(`\{\{[#^/][^}]*\}\}`)
	tagVariable   = alert.Pattern(`\{\{\s*([\w.-]+)\.name\s*\}\}`)
	imagePath     = alert.Pattern(`(?i)\.(png|jpe?g|gif|svg|webp)$`)
	// A webhook's URL lets its readers post to it, so an event must not show it.
	webhookPath = alert.Pattern(`(?i)(^|[./])(hooks|webhooks?|webhookb2|incomingwebhook)([./]|$)` +
		`|^(chat\.googleapis\.com|events\.pagerduty\.com|api\.telegram\.org)(/|$)`)
)

// links returns the pages that a monitor's assets and message link to, each once:
// runbooks, then dashboards, then the rest.
func links(m datadog.Monitor, tags alert.Tags) enrich.Links {
	var all []mention
	for _, asset := range m.Assets {
		all = append(all, mention{url: asset.URL, title: asset.Name, label: asset.Category})
	}
	all = append(all, mentions(fillTemplate(m.Message, tags))...)

	var pages enrich.Links
	for _, one := range all {
		page, ok := one.page()
		if ok && !slices.ContainsFunc(pages, func(known enrich.Link) bool { return known.URL == page.URL }) {
			pages = append(pages, page)
		}
	}
	slices.SortStableFunc(pages, func(a, b enrich.Link) int {
		return cmp.Compare(slices.Index(kindOrder, a.Kind), slices.Index(kindOrder, b.Kind))
	})
	return pages[:min(len(pages), maxLinks)]
}

// fillTemplate replaces {{host.name}} in a monitor's message by the value of the tag
// "host" (https://docs.datadoghq.com/monitors/notify/variables/).
func fillTemplate(message string, tags alert.Tags) string {
	message = templateBlock().ReplaceAllString(message, " ")
	return tagVariable().ReplaceAllStringFunc(message, func(variable string) string {
		if value := tags.Get(tagVariable().FindStringSubmatch(variable)[1]); value != "" {
			return url.PathEscape(value)
		}
		return variable
	})
}

// mention is a URL in a text.
type mention struct {
	url   string
	title string // The text of a markdown link; empty for a bare URL, and for a picture with a link.
	label string // The text before it on its line.
	image bool   // A markdown image.
}

func mentions(text string) (all []mention) {
	end := 0
	for _, at := range markdownLink().FindAllStringSubmatchIndex(text, -1) {
		before := text[end:at[0]]
		m := mention{url: text[at[0]:at[1]], label: before[strings.LastIndexByte(before, '\n')+1:]}
		if end = at[1]; at[6] >= 0 {
			m.image, m.title, m.url = at[2] < at[3], text[at[4]:at[5]], text[at[6]:at[7]]
		}
		if strings.Contains(m.title, "![") {
			m.title = ""
		}
		m.url = strings.TrimRight(m.url, ".,;:!?*")
		all = append(all, m)
	}
	return all
}

// page returns the link to show, unless the URL is an image, a webhook, has a password
// or an unresolved template variable.
func (m mention) page() (enrich.Link, bool) {
	u, err := url.Parse(m.url)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.Contains(m.url, "{{") ||
		m.image || imagePath().MatchString(u.Path) || webhookPath().MatchString(u.Hostname()+u.Path) {
		return enrich.Link{}, false
	}
	title := enrich.Line(cmp.Or(m.title, u.Host+strings.TrimSuffix(u.Path, "/")), maxLinkTitle)
	return enrich.Link{Kind: m.kind(u), Title: cmp.Or(title, "page"), URL: m.url}, true
}

func (m mention) kind(u *url.URL) string {
	switch {
	case runbookWord().MatchString(m.title), runbookWord().MatchString(m.label):
		return kindRunbook
	case strings.Contains(u.Path, "/dashboard/"):
		return kindDashboard
	case runbookWord().MatchString(m.url):
		return kindRunbook
	}
	return kindOther
}
