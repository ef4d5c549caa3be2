package lambda

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// The bounds of what one function may put into an event.
const (
	maxAnswerBytes = 256 << 10
	maxFacts       = 20
	maxLinks       = 10
	maxNameRunes   = 100
	maxValueRunes  = 300
	maxURLBytes    = 2048
)

// Data is what playbooks and machines see: steps.x.data.free.
type Data struct {
	// Data is the object that the function answered, with whole numbers kept whole.
	Data map[string]any `json:"data"`
}

// answer is what the function says. A fact's value may be any plain value.
type answer struct {
	Title string `json:"title"`
	Facts []struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	} `json:"facts"`
	Links []struct {
		Kind  string `json:"kind"`
		Title string `json:"title"`
		URL   string `json:"url"`
	} `json:"links"`
	Data map[string]any `json:"data"`
}

func found(function string, payload []byte) (enrich.Finding, error) {
	if len(payload) > maxAnswerBytes {
		return enrich.Finding{}, fault.New(fault.Permanent, fmt.Sprintf("the answer of the function %s is larger than %d KiB", function, maxAnswerBytes>>10), nil)
	}
	a, err := decoded(payload)
	if err != nil {
		return enrich.Finding{}, unreadable(function, err)
	}
	f := enrich.Finding{Title: enrich.Line(a.Title, maxNameRunes), Weight: enrich.Useful, Blocks: a.blocks(), Data: Data{a.Data}}
	if len(f.Blocks) == 0 && len(a.Data) == 0 {
		return enrich.Finding{}, enrich.Skip("the function " + function + " has nothing to say about this alert")
	}
	if f.Title == "" {
		f.Title = shortName(function)
	}
	return f, nil
}

// decoded reads an answer; nothing at all, null and {} are empty ones.
func decoded(payload []byte) (answer, error) {
	var a answer
	if len(bytes.TrimSpace(payload)) == 0 {
		return a, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	if err := decoder.Decode(&a); err != nil {
		return a, err
	}
	if decoder.InputOffset() < int64(len(bytes.TrimRight(payload, " \t\r\n"))) {
		return a, errors.New("there is more behind it")
	}
	for key, value := range a.Data {
		a.Data[key] = number(value)
	}
	return a, nil
}

// number makes each number in v an int64 where it is one: an id of 64 bits stays
// what it is, and expressions can compare.
func number(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = number(v[i])
		}
	case map[string]any:
		for key, value := range v {
			v[key] = number(value)
		}
	}
	return v
}

func (a answer) blocks() []enrich.Block {
	var facts enrich.Facts
	for _, one := range a.Facts {
		name, value := enrich.Line(one.Name, maxNameRunes), enrich.Line(text(one.Value), maxValueRunes)
		if name != "" && value != "" && len(facts) < maxFacts {
			facts = append(facts, enrich.Fact{Name: name, Value: value})
		}
	}
	var links enrich.Links
	for _, one := range a.Links {
		if isPage(one.URL) && len(links) < maxLinks {
			title := enrich.Line(one.Title, maxNameRunes)
			if title == "" {
				title = enrich.Line(one.URL, maxNameRunes)
			}
			links = append(links, enrich.Link{Kind: kind(one.Kind), Title: title, URL: one.URL})
		}
	}
	var blocks []enrich.Block
	if len(facts) > 0 {
		blocks = append(blocks, facts)
	}
	if len(links) > 0 {
		blocks = append(blocks, links)
	}
	return blocks
}

// kind is one of Datadog's kinds of link, or none.
func kind(s string) string {
	switch s {
	case "runbook", "documentation", "dashboard", "resource":
		return s
	}
	return ""
}

func isPage(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(s) <= maxURLBytes && !strings.ContainsFunc(s, unicode.IsSpace)
}

// text returns a plain value as it is, and any other as JSON.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	encoded, _ := json.Marshal(v) // It came from JSON.
	return string(encoded)
}

// shortName is a function's name without the account and the region of its ARN.
func shortName(function string) string {
	if _, name, found := strings.Cut(function, ":function:"); found {
		return name
	}
	return function
}
