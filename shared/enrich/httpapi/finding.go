package httpapi

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"boomerang/shared/enrich"
	"boomerang/shared/httpx"
)

const (
	// maxShown limits the facts of a playbook that names none.
	maxShown      = 8
	maxValueRunes = 300
)

func newFinding(c Config, host string, d Data) enrich.Finding {
	f := enrich.Finding{Title: cmp.Or(c.Title, host), Weight: enrich.Useful, Data: d, Blocks: []enrich.Block{facts(c.Show, d)}}
	if d.Status == http.StatusNotFound {
		f.Weight = enrich.Background
		f.Blocks = []enrich.Block{enrich.Facts{{Name: "Response", Value: httpx.StatusLine(d.Status)}}}
	}
	return f
}

// facts returns those that the playbook names, or else the first plain values. If
// there are none, it returns the status.
func facts(show []Show, d Data) enrich.Facts {
	if len(show) == 0 {
		show = plainValues(d.Body)
	}
	var all enrich.Facts
	var missing []string
	for _, s := range show {
		if text := enrich.Line(enrich.Text(valueAt(d.Body, s.Path)), maxValueRunes); text != "" {
			all = append(all, enrich.Fact{Name: s.Name, Value: text})
		} else {
			missing = append(missing, s.Path)
		}
	}
	if len(all) > 0 {
		return all
	}
	value := httpx.StatusLine(d.Status)
	if len(missing) > 0 {
		value += ", without " + strings.Join(missing, ", ")
	} else if text, ok := d.Body.(string); ok {
		value += ": " + enrich.Line(text, maxValueRunes)
	}
	return enrich.Facts{{Name: "Response", Value: value}}
}

func plainValues(body any) []Show {
	object, _ := body.(map[string]any)
	var show []Show
	for _, key := range slices.Sorted(maps.Keys(object)) {
		switch object[key].(type) {
		case map[string]any, []any, nil:
			continue
		}
		// A key with a dot is not a path.
		if len(show) < maxShown && key != "" && !strings.Contains(key, ".") && object[key] != "" {
			show = append(show, Show{Name: key, Path: key})
		}
	}
	return show
}

// valueAt returns the value at a path, or nil.
func valueAt(v any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch container := v.(type) {
		case map[string]any:
			v = container[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			v = container[i]
		default:
			return nil
		}
	}
	return v
}
