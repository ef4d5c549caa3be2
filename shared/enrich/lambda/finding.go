package lambda

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// The limits of what one function may add to an event.
const (
	maxResponseBytes = 256 << 10
	maxFacts         = 20
	maxLinks         = 10
	maxNameRunes     = 100
	maxValueRunes    = 300
)

// Data is what playbooks see: steps.x.data.free.
type Data struct {
	// Data is the object that the function returned.
	Data map[string]any `json:"data"`
}

// response is what the function returns.
type response struct {
	Title string `json:"title"`
	Facts []struct {
		Name  string          `json:"name"`
		Value json.RawMessage `json:"value"` // Any JSON value.
	} `json:"facts"`
	Links []struct {
		Kind  string `json:"kind"`
		Title string `json:"title"`
		URL   string `json:"url"`
	} `json:"links"`
	Data map[string]json.RawMessage `json:"data"`
}

func newFinding(function string, payload []byte) (enrich.Finding, error) {
	if len(payload) > maxResponseBytes {
		return enrich.Finding{}, fault.New(fault.Permanent, fmt.Sprintf("the response of the function %s is larger than %d KiB", function, maxResponseBytes>>10), nil)
	}
	var r response
	if len(bytes.TrimSpace(payload)) > 0 {
		if err := json.Unmarshal(payload, &r); err != nil {
			return enrich.Finding{}, fault.New(fault.Temporary, "the response of the function "+function+" is not a JSON object with title, facts, links and data", err)
		}
	}
	f := enrich.Finding{Weight: enrich.Useful, Blocks: r.blocks(), Data: Data{r.data()}}
	if len(f.Blocks) == 0 && len(r.Data) == 0 {
		return enrich.Finding{}, enrich.Skip("the function " + function + " has nothing on this alert")
	}
	name := function
	if _, short, isARN := strings.Cut(function, ":function:"); isARN {
		name = short
	}
	f.Title = cmp.Or(enrich.Line(r.Title, maxNameRunes), name)
	return f, nil
}

func (r response) data() map[string]any {
	if r.Data == nil {
		return nil
	}
	data := make(map[string]any, len(r.Data))
	for key, raw := range r.Data {
		data[key], _ = enrich.DecodeJSON(raw) // It is valid: it was decoded already.
	}
	return data
}

func (r response) blocks() []enrich.Block {
	var facts enrich.Facts
	for _, fact := range r.Facts {
		value, _ := enrich.DecodeJSON(fact.Value) // Without a value the fact is dropped.
		if name := enrich.Line(fact.Name, maxNameRunes); name != "" {
			facts = append(facts, enrich.Fact{Name: name, Value: enrich.Text(value)})
		}
	}
	facts = facts.Known(maxValueRunes)
	var links enrich.Links
	for _, link := range r.Links {
		if !enrich.IsWebURL(link.URL) {
			continue
		}
		if !slices.Contains([]string{"runbook", "documentation", "dashboard", "resource"}, link.Kind) {
			link.Kind = ""
		}
		title := cmp.Or(enrich.Line(link.Title, maxNameRunes), enrich.Line(link.URL, maxNameRunes))
		links = append(links, enrich.Link{Kind: link.Kind, Title: title, URL: link.URL})
	}
	var blocks []enrich.Block
	if len(facts) > 0 {
		blocks = append(blocks, facts[:min(len(facts), maxFacts)])
	}
	if len(links) > 0 {
		blocks = append(blocks, links[:min(len(links), maxLinks)])
	}
	return blocks
}
