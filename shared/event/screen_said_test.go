package event_test

import (
	"strings"
	"testing"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

// TestCompose_SameLead says once what two steps say.
func TestCompose_SameLead(t *testing.T) {
	const text = "0.97 s (avg over 5m), above 0.8 s"
	lead := []enrich.Lead{{Answer: enrich.What, Text: text}}
	e := event.Compose(triggered(), event.Draft{Playbook: "x"}, []enrich.Result{
		{Name: "suspects", Status: enrich.OK, Finding: enrich.Finding{Title: "Suspects", Weight: enrich.Essential, Lead: lead, Blocks: []enrich.Block{enrich.Paragraph("one two")}}},
		{Name: "metric", Status: enrich.OK, Finding: enrich.Finding{
			Title: "Metric", Weight: enrich.Important, Lead: lead, Blocks: []enrich.Block{enrich.Facts{{Name: "Value", Value: text, Lead: enrich.What}, {Name: "Trend", Value: "rising"}}},
		}},
	}, now)
	if strings.Count(e.Text, text) != 1 || !strings.Contains(e.Text, "Trend") {
		t.Errorf("the text is\n%s", e.Text)
	}
}
