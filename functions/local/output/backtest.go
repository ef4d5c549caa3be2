package output

import (
	"cmp"
	"strings"

	"boomerang/functions/local/backtest"
	"boomerang/shared/enrich"
)

// The bounds of a backtest's screen.
const (
	maxRows   = 8   // playbooks
	maxGroups = 3   // groups of one kind
	maxOpen   = 5   // expressions that are not judged
	maxText   = 100 // characters
)

// Backtest writes what a change of playbooks makes of alerts.
func (p *Printer) Backtest(r backtest.Report) {
	p.Line("%s, compared with %s", p.paint(bold, r.Playbooks), r.Base)
	if r.Alerts == 0 {
		p.Line("No alert is in the %s that were read.", enrich.Count(r.Read, "event"))
		return
	}
	const day = "2006-01-02 15:04"
	p.Line("%s from %s to %s UTC, in %s; no step runs", enrich.Count(r.Alerts, "alert"), r.From.UTC().Format(day), r.To.UTC().Format(day), enrich.Count(r.Read, "event"))
	if r.Skipped > 0 {
		p.Line("%s do not mention the webhook; --all-monitors counts them, too", enrich.Count(r.Skipped, "more alert"))
	}
	for _, note := range r.Notes {
		p.Line("Note: %s", note)
	}
	p.backtestTotals(r)
	if len(r.Changes) > 0 {
		p.Heading("Changes")
		p.backtestGroups(r.Changes)
	}
	for _, list := range []struct {
		name   string
		groups []backtest.Group
	}{
		{"Cut, for Datadog's limits", r.Cut.Groups},
		{"Held back, by the limit of a playbook", r.HeldBack.Groups},
		{"Followed up", r.Followed.Groups},
		{"Templates that failed", r.Warnings},
		{"Posted by another playbook than the base's", r.Posted.Groups},
	} {
		if len(list.groups) > 0 {
			p.Heading("%s", list.name)
			p.backtestGroups(list.groups)
		}
	}
	p.backtestUnjudged(r.Unjudged)
	p.Line("\nOf %s, %d change, %d do not, and %d are not judged; %d fall to the default playbook (%.1f%%)",
		enrich.Count(r.Alerts, "alert"), r.Changed, r.Unchanged, r.NotJudged, r.Default.Now, 100*float64(r.Default.Now)/float64(r.Alerts))
}

func (p *Printer) backtestTotals(r backtest.Report) {
	p.Heading("%-32s %8s %8s", "Alerts", "base", "now")
	row := func(name string, n backtest.Pair) {
		if n != (backtest.Pair{}) {
			p.Line("  %-30s %8d %8d", name, n.Base, n.Now)
		}
	}
	for i, m := range r.Matched {
		if i == maxRows {
			p.Line("  and %d more playbooks", len(r.Matched)-i)
			break
		}
		row("playbook "+m.Playbook, m.Pair)
	}
	row("match not judged", r.Open)
	row("cut at least", r.Cut.Pair)
	row("held back at least", r.HeldBack.Pair)
	row("followed up at least", r.Followed.Pair)
	if r.Posted.Events > 0 {
		p.Line("  %d of %s that Boomerang posted have the base's playbook", r.Posted.Events-r.Posted.Other, enrich.Count(r.Posted.Events, "event"))
	}
}

func (p *Printer) backtestGroups(groups []backtest.Group) {
	shown := map[string]int{}
	hidden, alerts := 0, 0
	for _, g := range groups {
		if shown[g.Kind]++; shown[g.Kind] > maxGroups {
			hidden, alerts = hidden+1, alerts+g.Count
			continue
		}
		text := enrich.Line(g.Kind+" "+g.What, maxText)
		if g.Kind != "playbook" {
			text += p.paint(dim, " in "+g.Playbook)
		}
		p.Line("  %6d  %s", g.Count, text)
		p.Line("          %s", p.paint(dim, "e.g. "+enrich.Line(g.Examples[0].Title, maxText)+"  "+cmp.Or(g.Examples[0].URL, g.Examples[0].ID)))
		if shown[g.Kind] == 1 {
			p.backtestTexts(g, g.Examples[0])
		}
	}
	if hidden > 0 {
		p.Line("  %6d  in %s", alerts, enrich.Count(hidden, "more group"))
	}
}

// backtestTexts writes how a text differs, unless the group says it.
func (p *Printer) backtestTexts(g backtest.Group, e backtest.Example) {
	isSaid := g.Kind != "tags" && strings.Contains(g.What, " → ")
	if e.Before != "" && !isSaid {
		p.Line("          %s %s", p.paint(red, "-"), enrich.Line(e.Before, maxText))
	}
	if e.After != "" && !isSaid {
		p.Line("          %s %s", p.paint(green, "+"), enrich.Line(e.After, maxText))
	}
}

func (p *Printer) backtestUnjudged(all []backtest.Unjudged) {
	if len(all) == 0 {
		return
	}
	p.Heading("Not judged, because only the payload, a step or the ledger has the value")
	for i, u := range all {
		if i == maxOpen {
			p.Line("  and %s", enrich.Count(len(all)-i, "more expression"))
			break
		}
		where := "playbook " + u.Playbook + ", " + u.Key
		if u.BaseOnly {
			where += " of the base"
		}
		p.Line("  %6d  %s: %s %s", u.Count, where, enrich.Line(u.Source, maxText), p.paint(dim, "needs "+strings.Join(u.Needs, ", ")))
	}
}
