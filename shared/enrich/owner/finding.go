package owner

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"boomerang/shared/enrich"
	"boomerang/shared/enrich/stepkit"
)

// What an event shows at most of each list, and of the description in characters.
const (
	maxContacts    = 6
	maxLinks       = 8
	maxNames       = 8
	maxDescription = 300
)

func newFinding(d Data) enrich.Finding {
	f := enrich.Finding{Title: "Owner", Weight: enrich.Important, Blocks: []enrich.Block{facts(d)}, Data: d}
	if links := links(d); len(links) > 0 {
		f.Blocks = append(f.Blocks, links)
	}
	if d.Description != "" {
		f.Blocks = append(f.Blocks, enrich.Paragraph(enrich.Line(d.Description, maxDescription)))
	}
	return f
}

func facts(d Data) enrich.Facts {
	all := enrich.Facts{
		{Name: "Service", Value: stepkit.NameAndID(d.DisplayName, d.Service)},
		{Name: "Team", Value: cmp.Or(d.Team, "none in the Software Catalog")},
		{Name: "Other owners", Value: enrich.Join(d.OtherOwners, ", ", maxNames)},
		{Name: "Tier", Value: d.Tier},
		{Name: "Lifecycle", Value: d.Lifecycle},
	}
	for _, c := range d.Contacts[:min(len(d.Contacts), maxContacts)] {
		all = append(all, enrich.Fact{Name: contactLabel(c), Value: c.Contact})
	}
	all = append(all, enrich.Fact{Name: "Depends on", Value: enrich.Join(d.DependsOn, ", ", maxNames)})
	return slices.DeleteFunc(all, func(f enrich.Fact) bool { return f.Value == "" })
}

// contactLabel writes "Microsoft teams" for the type "microsoft-teams", and the
// contact's name where it says more.
func contactLabel(c Contact) string {
	label := []rune(strings.ReplaceAll(cmp.Or(c.Type, "contact"), "-", " "))
	label[0] = unicode.ToUpper(label[0])
	if strings.EqualFold(c.Name, string(label)) {
		return string(label)
	}
	return stepkit.NameAndID(string(label), c.Name)
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
