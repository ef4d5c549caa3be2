package owner

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// What an event shows at most of each list, and of a text in characters.
const (
	maxContacts    = 6
	maxLinks       = 8
	maxNamed       = 8
	maxDescription = 300
)

func blocks(s datadog.Service, pages []Link) []enrich.Block {
	all := []enrich.Block{facts(s)}
	if shown := links(s, pages); len(shown) > 0 {
		all = append(all, shown)
	}
	if s.Description != "" {
		all = append(all, enrich.Paragraph(short(s.Description)))
	}
	return all
}

func facts(s datadog.Service) enrich.Facts {
	service := s.Name
	if s.DisplayName != "" && s.DisplayName != s.Name {
		service = fmt.Sprintf("%s (%s)", s.DisplayName, s.Name)
	}
	all := enrich.Facts{
		{Name: "Service", Value: service},
		{Name: "Team", Value: cmp.Or(s.Owner, "none is named in the Software Catalog")},
		{Name: "Other owners", Value: named(s.OtherOwners)},
		{Name: "Tier", Value: s.Tier},
		{Name: "Lifecycle", Value: s.Lifecycle},
	}
	shown := contacts(s)
	for _, c := range shown[:min(len(shown), maxContacts)] {
		name := kindWords(c.Type)
		if c.Name != "" && !strings.EqualFold(c.Name, name) {
			name = fmt.Sprintf("%s (%s)", name, c.Name)
		}
		all = append(all, enrich.Fact{Name: name, Value: c.Contact})
	}
	all = append(all, enrich.Fact{Name: "Depends on", Value: named(s.DependsOn)})
	return slices.DeleteFunc(all, func(f enrich.Fact) bool { return f.Value == "" })
}

// contacts leaves out those that say nothing.
func contacts(s datadog.Service) []Contact {
	var all []Contact
	for _, c := range s.Contacts {
		if c.Contact != "" {
			all = append(all, Contact{Type: c.Type, Name: c.Name, Contact: c.Contact})
		}
	}
	return all
}

// kindWords writes "microsoft-teams" as people do.
func kindWords(kind string) string {
	words := []rune(strings.ReplaceAll(cmp.Or(kind, "contact"), "-", " "))
	words[0] = unicode.ToUpper(words[0])
	return string(words)
}

func named(list []string) string {
	if len(list) <= maxNamed {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:maxNamed], ", "), len(list)-maxNamed)
}

func short(text string) string {
	text = strings.TrimSpace(text)
	if runes := []rune(text); len(runes) > maxDescription {
		return string(runes[:maxDescription-1]) + "…"
	}
	return text
}

// order is that in which a person on call wants the pages.
var order = []string{"runbook", "dashboard", "doc"}

// pages returns the links that lead to a page, runbooks first.
func pages(s datadog.Service) []Link {
	var all []Link
	for _, l := range s.Links {
		if page := address(l.URL); page != "" {
			all = append(all, Link{Type: strings.ToLower(l.Type), Name: l.Name, URL: page})
		}
	}
	rank := func(l Link) int {
		if i := slices.Index(order, l.Type); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(all, func(a, b Link) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

// address returns text if it is the address of a page, and carries no password.
func address(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// kinds are the kinds of enrich.Link by the catalog's; any other is none.
var kinds = map[string]string{"runbook": "runbook", "dashboard": "dashboard", "doc": "documentation"}

func links(s datadog.Service, pages []Link) enrich.Links {
	var all enrich.Links
	for _, page := range pages[:min(len(pages), maxLinks)] {
		all = append(all, enrich.Link{Kind: kinds[page.Type], Title: cmp.Or(page.Name, page.Type, page.URL), URL: page.URL})
	}
	for _, pager := range []struct{ title, url string }{{"PagerDuty", s.PagerDuty}, {"Opsgenie", s.Opsgenie}} {
		if page := address(pager.url); page != "" {
			all = append(all, enrich.Link{Title: pager.title, URL: page})
		}
	}
	return all
}
