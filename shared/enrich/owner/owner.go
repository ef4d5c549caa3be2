// Package owner is the step "owner": the Software Catalog's entry of the alerting
// service. It needs the permission apm_service_catalog_read.
package owner

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

type Config struct {
	Service string `yaml:"service" doc:"Service to look up in the Software Catalog. Default: the alert's service tag."`
}

func Kind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "owner", Doc: "Service owner: team, tier, contacts, runbooks and dependencies from the Software Catalog.",
		Permissions: []string{"apm_service_catalog_read"}, Data: Data{},
	}, func(c Config, cache time.Duration) enrich.Step { return newStep(client.Cached(cache).Service, c) })
}

func newStep(service func(context.Context, string) (datadog.Service, error), c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		_, name, err := enrich.Tag(a, c.Service, "service")
		if err != nil {
			return enrich.Finding{}, err
		}
		s, err := service(ctx, name)
		if err != nil {
			missing := fault.NewRedacted(fault.Permanent, "Datadog's Software Catalog has no service ", strconv.Quote(name), ": add it or correct the service tag", err)
			return enrich.Finding{}, datadog.ExplainNotFound(err, missing)
		}
		return newFinding(newData(s)), nil
	})
}

type Data struct {
	Service     string `json:"service"`
	DisplayName string `json:"display_name"`
	Description string `json:"description"`
	Team        string `json:"team"` // A handle.
	Tier        string `json:"tier"`
	Lifecycle   string `json:"lifecycle"`
	// Email, Slack and Runbook are the first of their kind in Contacts and Links.
	Email       string                `json:"email"`
	Slack       string                `json:"slack"`
	Runbook     string                `json:"runbook"`
	PagerDuty   string                `json:"pagerduty"` // The URL of the service there.
	Opsgenie    string                `json:"opsgenie"`
	OtherOwners []string              `json:"other_owners,omitempty"`
	DependsOn   []string              `json:"depends_on,omitempty"` // "service:payments"
	Contacts    []datadog.Contact     `json:"contacts,omitempty"`
	Links       []datadog.ServiceLink `json:"links,omitempty"`
}

func newData(s datadog.Service) Data {
	d := Data{
		Service: s.Name, DisplayName: s.DisplayName, Description: s.Description,
		Team: s.Owner, Tier: s.Tier, Lifecycle: s.Lifecycle, OtherOwners: s.OtherOwners, DependsOn: s.DependsOn,
		PagerDuty: pageURL(s.PagerDuty), Opsgenie: pageURL(s.Opsgenie), Links: sortedLinks(s.Links),
	}
	for _, c := range s.Contacts {
		if c.Contact == "" {
			continue
		}
		d.Contacts = append(d.Contacts, c)
		switch strings.ToLower(c.Type) {
		case "email":
			d.Email = cmp.Or(d.Email, c.Contact)
		case "slack":
			d.Slack = cmp.Or(d.Slack, c.Contact)
		}
	}
	if len(d.Links) > 0 && d.Links[0].Type == "runbook" {
		d.Runbook = d.Links[0].URL
	}
	return d
}

// linkOrder is the order in which a person on call needs the pages. Others follow.
var linkOrder = []string{"runbook", "dashboard", "doc"}

func sortedLinks(links []datadog.ServiceLink) (sorted []datadog.ServiceLink) {
	for _, l := range links {
		if l.Type, l.URL = strings.ToLower(l.Type), pageURL(l.URL); l.URL != "" {
			sorted = append(sorted, l)
		}
	}
	rank := func(l datadog.ServiceLink) uint { return uint(slices.Index(linkOrder, l.Type)) } // -1 becomes the last.
	slices.SortStableFunc(sorted, func(a, b datadog.ServiceLink) int { return cmp.Compare(rank(a), rank(b)) })
	return sorted
}

// pageURL returns text if it is a web address without a password.
func pageURL(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// What an event shows at most of each list, and of the description in characters.
const (
	maxContacts    = 6
	maxLinks       = 8
	maxNames       = 8
	maxDescription = 300
)

func newFinding(d Data) enrich.Finding {
	lead, repeated := enrich.NewLead(enrich.Lead{Answer: enrich.Owner, Text: d.lead()})
	facts := enrich.Facts{
		{Name: "Service", Value: enrich.NameAndID(d.DisplayName, d.Service), Lead: repeated},
		{Name: "Team", Value: cmp.Or(d.Team, "none in the Software Catalog"), Lead: repeated},
		{Name: "Other owners", Value: enrich.Join(d.OtherOwners, ", ", maxNames)},
		{Name: "Tier", Value: d.Tier, Lead: repeated},
		{Name: "Lifecycle", Value: d.Lifecycle},
	}
	for _, c := range d.Contacts[:min(len(d.Contacts), maxContacts)] {
		facts = append(facts, enrich.Fact{Name: contactLabel(c), Value: c.Contact})
	}
	facts = append(facts, enrich.Fact{Name: "Depends on", Value: enrich.Join(d.DependsOn, ", ", maxNames)})
	facts = slices.DeleteFunc(facts, func(f enrich.Fact) bool { return f.Value == "" })
	blocks := enrich.Blocks(facts, links(d), enrich.Paragraph(enrich.Line(d.Description, maxDescription)))
	f := enrich.Finding{Title: "Owner", Weight: enrich.Important, Blocks: blocks, Data: d, Lead: []enrich.Lead{lead}}
	if d.Runbook != "" {
		runbook, _ := enrich.NewLead(enrich.Lead{Answer: enrich.Runbook, Text: cmp.Or(d.Links[0].Name, "Runbook"), URL: d.Runbook})
		f.Lead = append(f.Lead, runbook)
	}
	return f
}

// lead is the owner for the first screen: "team payments, tier 1, service Shop (shop)".
func (d Data) lead() string {
	parts := []string{"no team in the Software Catalog"}
	if d.Team != "" {
		parts[0] = "team " + d.Team
	}
	if d.Tier != "" {
		parts = append(parts, "tier "+d.Tier)
	}
	return strings.Join(append(parts, "service "+enrich.NameAndID(d.DisplayName, d.Service)), ", ")
}

// contactLabel writes "Microsoft teams" for the type "microsoft-teams", and the
// contact's name where it says more.
func contactLabel(c datadog.Contact) string {
	label := []rune(strings.ReplaceAll(cmp.Or(c.Type, "contact"), "-", " "))
	label[0] = unicode.ToUpper(label[0])
	if strings.EqualFold(c.Name, string(label)) {
		return string(label)
	}
	return enrich.NameAndID(string(label), c.Name)
}

// linkKinds are the kinds of enrich.Link by the catalog's.
var linkKinds = map[string]string{"runbook": "runbook", "dashboard": "dashboard", "doc": "documentation"}

func links(d Data) enrich.Links {
	var all enrich.Links
	for _, l := range d.Links[:min(len(d.Links), maxLinks)] {
		all = append(all, enrich.Link{Kind: linkKinds[l.Type], Title: cmp.Or(l.Name, l.Type, l.URL), URL: l.URL})
	}
	for _, pager := range []enrich.Link{{Title: "PagerDuty", URL: d.PagerDuty}, {Title: "Opsgenie", URL: d.Opsgenie}} {
		if pager.URL != "" {
			all = append(all, pager)
		}
	}
	return all
}
