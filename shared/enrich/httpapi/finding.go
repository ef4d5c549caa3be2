package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"boomerang/shared/enrich"
)

const (
	// maxShown bounds the facts that are shown when the playbook names none.
	maxShown = 8
	// maxValueRunes keeps one value fit for a line of an event.
	maxValueRunes = 300
)

func found(c Config, one call, a answer) enrich.Finding {
	f := enrich.Finding{
		Title:  c.Title,
		Weight: enrich.Useful,
		Data:   Data{Status: a.status, Body: a.body},
	}
	if f.Title == "" {
		f.Title = one.request.URL.Hostname()
	}
	if a.status == http.StatusNotFound {
		f.Weight = enrich.Background
		f.Blocks = []enrich.Block{enrich.Facts{{Name: "Answer", Value: "nothing there (404 Not Found)"}}}
		return f
	}
	f.Blocks = []enrich.Block{facts(c.Show, a)}
	return f
}

// facts are those that the playbook asks for, or else the first of the answer's
// plain values; when there are none of them, that the call was answered.
func facts(show []Show, a answer) enrich.Facts {
	if len(show) == 0 {
		show = plainValues(a.body)
	}
	var all enrich.Facts
	var missing []string
	for _, one := range show {
		v, there := at(a.body, one.Path)
		if text := text(v); there && text != "" {
			all = append(all, enrich.Fact{Name: one.Name, Value: text})
		} else {
			missing = append(missing, one.Path)
		}
	}
	if len(all) > 0 {
		return all
	}
	value := statusLine(a.status)
	if len(missing) > 0 {
		value += ", without " + strings.Join(missing, ", ")
	} else if words, ok := a.body.(string); ok {
		value += ": " + enrich.Line(words, maxValueRunes)
	}
	return enrich.Facts{{Name: "Answer", Value: value}}
}

func plainValues(body any) []Show {
	object, _ := body.(map[string]any)
	var show []Show
	for _, key := range slices.Sorted(maps.Keys(object)) {
		switch object[key].(type) {
		case map[string]any, []any, nil:
		default:
			// A key with a dot in it is no path.
			if len(show) < maxShown && key != "" && !strings.Contains(key, ".") && object[key] != "" {
				show = append(show, Show{Name: key, Path: key})
			}
		}
	}
	return show
}

// at returns the value at a path, and whether there is one.
func at(v any, path string) (any, bool) {
	for key := range strings.SplitSeq(path, ".") {
		switch container := v.(type) {
		case map[string]any:
			value, there := container[key]
			if !there {
				return nil, false
			}
			v = value
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(container) {
				return nil, false
			}
			v = container[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// text returns a value for people, on one line; "" for null.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return enrich.Line(v, maxValueRunes)
	case []any:
		if words, ok := plainWords(v); ok {
			return enrich.Line(strings.Join(words, ", "), maxValueRunes)
		}
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case map[string]any:
	default:
		return fmt.Sprint(v)
	}
	encoded, _ := json.Marshal(v) // It came from JSON.
	return enrich.Line(string(encoded), maxValueRunes)
}

// plainWords returns the texts of a list that holds plain values only.
func plainWords(list []any) ([]string, bool) {
	words := make([]string, len(list))
	for i, v := range list {
		switch v.(type) {
		case map[string]any, []any:
			return nil, false
		}
		words[i] = text(v)
	}
	return words, true
}
