package schema

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/owner"
	"boomerang/shared/enrich/suspects"
	"boomerang/shared/event"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
)

// The alert of the reference's examples, what is known of earlier ones, and what steps found.
var (
	sampleAlert = sync.OnceValue(func() (a alert.Alert) {
		raw, err := json.Marshal(readTexts().Alert)
		if err == nil {
			err = json.Unmarshal(raw, &a)
		}
		if err != nil {
			panic(err) // The file is embedded.
		}
		return a
	})
	sampleMemory = memory.Memory{Count: 4, Days: 30, Recovered: 3, Median: 660, Longest: 5400, Followed: []memory.Followed{{Kind: "deploy", Service: "cart", Count: 3}}}
	sampleCycle  = event.Cycle{Lasted: 11 * time.Minute, Notified: 2, Kept: map[string]string{"ticket": "SHOP-7"}}
	samplePosted = event.Posted{ID: "8391952001122334455", URL: "https://app.datadoghq.com/event/event?id=8391952001122334455"}
	sampleTitle  = "Checkout is slow"
	sampleFound  = []enrich.Result{
		{Name: "owner", Status: enrich.OK, Finding: enrich.Finding{Data: owner.Data{Service: "checkout", Team: "shop", Tier: "1"}}},
		{Name: "suspects", Status: enrich.OK, Finding: enrich.Finding{Data: suspects.Data{Suspects: []suspects.Suspect{
			{Kind: "deploy", Title: "Deployed checkout 4.2.1", Time: time.Date(2026, 11, 20, 8, 55, 4, 0, time.UTC), Before: 1020, Rule: "deploy", Service: "checkout"},
		}}}},
	}
)

// holds reports whether an expression holds for the sample alert.
func holds(expression string, kinds []enrich.Kind) (bool, error) {
	book, err := load(map[string]any{"name": "sample", "match": expression}, kinds)
	if err != nil {
		return false, err
	}
	return book.For(sampleAlert(), sampleMemory).Name() == "sample", nil
}

// render returns what a template gives for the sample alert in a step behind the event, which can read all values.
func render(template string, kinds []enrich.Kind) (text string, err error) {
	type config struct {
		Text string `yaml:"text"`
	}
	capture := enrich.Kind{Name: "capture", Config: config{}}
	book, err := load(map[string]any{
		"name": "sample", "steps": []map[string]any{{"uses": "owner"}, {"uses": "suspects"}},
		"then": []map[string]any{{"uses": "capture", "with": config{template}, "keep": sampleCycle.Kept}},
	}, append(kinds, capture))
	if err != nil {
		return "", err
	}
	plan := book.For(sampleAlert(), sampleMemory)
	plan.Cycle = func() event.Cycle { return sampleCycle }
	step, err := plan.Then(sampleFound, sampleTitle, samplePosted)[0].Named().Make(nil)
	if err != nil {
		return "", err
	}
	return step.(enrich.Made).Config.(config).Text, nil
}

func load(sample map[string]any, kinds []enrich.Kind) (*playbook.Book, error) {
	source, err := yaml.Marshal(map[string]any{"playbooks": []any{sample}})
	if err != nil {
		return nil, err
	}
	book, err := playbook.Load("sample.yaml", source, kinds)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, source)
	}
	return book, nil
}
