package lookup

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"strings"
	"unicode"

	"boomerang/shared/enrich"
)

const (
	// maxShown bounds the columns of one row that are shown.
	maxShown = 15
	// maxValueRunes keeps one value fit for a line of an event.
	maxValueRunes = 300
)

func found(c Config, t *table, key string, r row) enrich.Finding {
	show := c.Show
	if len(show) == 0 {
		for _, column := range t.columns {
			if column != key {
				show = append(show, column)
			}
		}
	}
	var facts enrich.Facts
	var links enrich.Links
	for _, column := range show[:min(len(show), maxShown)] {
		switch value := text(r.values[column]); {
		case value == "":
		case isPage(value):
			links = append(links, enrich.Link{Kind: kindOf(column), Title: column, URL: value})
		default:
			facts = append(facts, enrich.Fact{Name: column, Value: enrich.Line(value, maxValueRunes)})
		}
	}
	f := enrich.Finding{Title: c.Title, Weight: enrich.Useful, Data: Data(maps.Clone(r.values))}
	if f.Title == "" {
		f.Title = strings.TrimSuffix(path.Base(c.File), path.Ext(c.File))
	}
	if len(facts) == 0 && len(links) == 0 {
		facts = enrich.Facts{{Name: key, Value: enrich.Line(text(r.values[key]), maxValueRunes)}}
	}
	if len(facts) > 0 {
		f.Blocks = append(f.Blocks, facts)
	}
	if len(links) > 0 {
		f.Blocks = append(f.Blocks, links)
	}
	return f
}

func isPage(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.ContainsFunc(s, unicode.IsSpace)
}

// kindOf tells by a column's name which of Datadog's kinds of link it holds.
func kindOf(column string) string {
	name := strings.ToLower(column)
	switch {
	case strings.Contains(name, "runbook"), strings.Contains(name, "playbook"):
		return "runbook"
	case strings.Contains(name, "dashboard"):
		return "dashboard"
	case strings.Contains(name, "doc"), strings.Contains(name, "wiki"):
		return "documentation"
	}
	return ""
}

// text returns a value for people; a list of plain values without brackets.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		words := make([]string, len(v))
		for i, one := range v {
			words[i] = text(one)
		}
		return strings.Join(words, ", ")
	case map[string]any:
		encoded, _ := json.Marshal(v) // Plain values always encode.
		return string(encoded)
	}
	return fmt.Sprint(v)
}
