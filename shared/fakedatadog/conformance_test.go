package fakedatadog_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

// leastCompared is how many recorded exchanges the stand-in had routes for when
// this number was last raised. Fewer means that the comparison lost some.
const leastCompared = 115

// grownSince names the keys that Datadog has added to an answer since some of
// the recordings were made; the stand-in answers as the newest one shows.
var grownSince = map[fakedatadog.Route][]string{
	fakedatadog.MonitorCreate:   {"restriction_policy"},
	fakedatadog.MetricsQuery:    {"times", "values"},
	fakedatadog.DashboardCreate: {"restricted_roles"},
	fakedatadog.LogsSearch:      {"meta"},
	fakedatadog.IncidentSearch: {
		"archived", "declared", "declared_by", "declared_by_uuid", "declared_by_user", "incident_type_uuid", "is_test", "slug",
	},
}

// TestConformance_Recordings replays what Datadog's SDK tests recorded, each
// recording in order against a fresh stand-in with the clock of that day, and
// compares status, media type, rate limit and the shape of the body; of a refusal,
// every word.
func TestConformance_Recordings(t *testing.T) {
	compared, leftOut := 0, 0
	for _, c := range recordings(t) {
		p := newPlayback(t, c)
		for i, e := range c.Interactions {
			name := p.server.Route(e.request(t, p.replacer()))
			if name == "" {
				leftOut++
				continue
			}
			compared++
			t.Run(fmt.Sprintf("%s/%d_%s", c.name, i, name), func(t *testing.T) { p.play(t, name, e) })
		}
	}
	t.Logf("compared %d recorded exchanges; left out %d, for which the stand-in has no route", compared, leftOut)
	if compared < leastCompared {
		t.Errorf("compared %d recorded exchanges, want at least %d", compared, leastCompared)
	}
}

// playback is a stand-in in the middle of a recording.
type playback struct {
	server *fakedatadog.Server
	now    time.Time
	ids    map[string]string // Recorded id to the stand-in's.
}

func newPlayback(t *testing.T, c cassette) *playback {
	t.Helper()
	p := &playback{now: time.Date(2022, 1, 6, 0, 0, 0, 0, time.UTC), ids: map[string]string{}}
	p.server = fakedatadog.New(fakedatadog.Options{
		Now: func() time.Time { return p.now },
		// The recorded stream showed an event 24 seconds after it was posted, not yet after 18.
		VisibleAfter: 20 * time.Second,
	})
	p.seedMonitors(t, c)
	p.seedOwners(t, c)
	p.seedSignals(t, c)
	p.seedStream(t, c)
	return p
}

// seedMonitors adds the monitors that the recorded organisation had already: all
// that are listed and that the recording itself did not create.
func (p *playback) seedMonitors(t *testing.T, c cassette) {
	t.Helper()
	created := map[int64]bool{}
	for _, e := range c.Interactions {
		switch p.server.Route(e.request(t, p.replacer())) {
		case fakedatadog.MonitorCreate:
			created[decode[fakedatadog.Monitor](t, e.Response.Body).ID] = true
		case fakedatadog.MonitorList:
			if e.Response.Code != http.StatusOK {
				continue
			}
			for _, m := range decode[[]fakedatadog.Monitor](t, e.Response.Body) {
				if !created[m.ID] {
					p.server.AddMonitor(m)
				}
			}
		}
	}
}

func (p *playback) play(t *testing.T, name fakedatadog.Route, e exchange) {
	p.seedHosts(t, name, e)
	p.now = e.when(t, p.now)
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, e.request(t, p.replacer()))
	got := w.Result()

	if got.StatusCode != e.Response.Code {
		t.Fatalf("status %d, recorded %d; body %s", got.StatusCode, e.Response.Code, w.Body)
	}
	if got, want := mediaType(t, got.Header), mediaType(t, e.Response.Headers); got != want {
		t.Errorf("media type %q, recorded %q", got, want)
	}
	for _, header := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Period", "X-Ratelimit-Name"} {
		if want := e.Response.Headers.Get(header); want != "" && got.Header.Get(header) != want {
			t.Errorf("%s: %q, recorded %q", header, got.Header.Get(header), want)
		}
	}
	ours, recorded := decode[any](t, w.Body.String()), decode[any](t, e.Response.Body)
	for _, difference := range compareShape("", pruned(name, recorded), pruned(name, ours), grownSince[name]) {
		t.Error(difference)
	}
	if e.Response.Code >= http.StatusBadRequest {
		if diff := cmp.Diff(recorded, ours); diff != "" {
			t.Errorf("a refusal in other words (-recorded +ours):\n%s", diff)
		}
	}
	p.learnIDs(recorded, ours)
}

// learnIDs notes under which id the stand-in keeps what the recording calls
// otherwise. Where there is an id_str, the id beside it may be rounded.
func (p *playback) learnIDs(recorded, ours any) {
	theirs, isObject := recorded.(map[string]any)
	mine, isObjectToo := ours.(map[string]any)
	if !isObject || !isObjectToo {
		return
	}
	for _, key := range []string{"id_str", "id"} {
		if id, found := theirs[key]; found {
			p.ids[fmt.Sprint(id)] = fmt.Sprint(mine[key])
			break
		}
	}
	for key, value := range theirs {
		p.learnIDs(value, mine[key])
	}
}

func (p *playback) replacer() *strings.Replacer {
	var pairs []string
	for recorded, ours := range p.ids {
		pairs = append(pairs, recorded, ours)
	}
	return strings.NewReplacer(pairs...)
}

// compareShape names what differs between two JSON values, other than the values:
// keys, types, and how many elements a list has. The elements of a list are
// compared as one, because nothing promises their order. A null goes with any type.
func compareShape(at string, want, got any, grown []string) []string {
	if want == nil || got == nil {
		return nil
	}
	switch want := want.(type) {
	case map[string]any:
		object, isObject := got.(map[string]any)
		if !isObject {
			return []string{fmt.Sprintf("%s is %s, recorded as an object", at, kind(got))}
		}
		return compareObjects(at, want, object, grown)
	case []any:
		list, isList := got.([]any)
		if !isList {
			return []string{fmt.Sprintf("%s is %s, recorded as a list", at, kind(got))}
		}
		if len(list) != len(want) {
			return []string{fmt.Sprintf("%s has %d elements, recorded with %d", at, len(list), len(want))}
		}
		return compareShape(at+"[]", merge(want), merge(list), grown)
	}
	if kind(got) != kind(want) {
		return []string{fmt.Sprintf("%s is %s, recorded as %s", at, kind(got), kind(want))}
	}
	return nil
}

func kind(v any) string {
	switch v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	}
	return "a string"
}

func compareObjects(at string, want, got map[string]any, grown []string) (differences []string) {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, found := got[key]
		if !found {
			differences = append(differences, fmt.Sprintf("%s.%s is missing", at, key))
			continue
		}
		differences = append(differences, compareShape(at+"."+key, want[key], value, grown)...)
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, recorded := want[key]; !recorded && !slices.Contains(grown, key) {
			differences = append(differences, fmt.Sprintf("%s.%s was not recorded", at, key))
		}
	}
	return differences
}

// merge makes one value of a list's elements, in which every key and every type
// of theirs shows that no other element contradicts.
func merge(list []any) any {
	var all any
	for _, element := range list {
		all = mergeTwo(all, element)
	}
	return all
}

func mergeTwo(a, b any) any {
	switch a := a.(type) {
	case nil:
		return b
	case map[string]any:
		b, _ := b.(map[string]any)
		both := maps.Clone(a)
		for key, value := range b {
			both[key] = mergeTwo(a[key], value)
		}
		return both
	case []any:
		b, _ := b.([]any)
		return slices.Concat(a, b)
	}
	return a
}

func mediaType(t *testing.T, header http.Header) string {
	t.Helper()
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		t.Fatalf("Content-Type %q: %v", header.Get("Content-Type"), err)
	}
	return media
}

// decode keeps numbers as they are written, because ids do not fit a float64.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	return v
}

func TestCompareShape(t *testing.T) {
	const recorded = `{"id":1,"tags":["a","b"],"state":{"on":true},"list":[{"k":1},{"k":null,"l":"x"}],"none":null}`
	for name, tc := range map[string]struct {
		ours string
		want []string
	}{
		"other_values_are_the_same_shape": {
			ours: `{"id":2,"tags":["c","d"],"state":{"on":false},"list":[{"k":7,"l":"y"},{}],"none":"something"}`,
		},
		"a_missing_key_is_named": {
			ours: `{"id":2,"tags":["c","d"],"state":{},"list":[{"k":7,"l":"y"},{}],"none":1}`,
			want: []string{".state.on is missing"},
		},
		"a_key_too_many_is_named": {
			ours: `{"id":2,"tags":["c","d"],"state":{"on":true},"list":[{"k":7,"l":"y"},{"m":1}],"none":1}`,
			want: []string{".list[].m was not recorded"},
		},
		"a_key_that_has_grown_since_is_not": {
			ours: `{"id":2,"new":1,"tags":["c","d"],"state":{"on":true},"list":[{"k":7,"l":"y"},{}],"none":1}`,
		},
		"another_type_is_named": {
			ours: `{"id":"2","tags":{},"state":[],"list":[{"k":"7","l":"y"},{}],"none":1}`,
			want: []string{
				".id is a string, recorded as a number",
				".list[].k is a string, recorded as a number",
				".state is a list, recorded as an object",
				".tags is an object, recorded as a list",
			},
		},
		"another_length_is_named": {
			ours: `{"id":2,"tags":[],"state":{"on":true},"list":[{"k":7,"l":"y"},{}],"none":1}`,
			want: []string{".tags has 0 elements, recorded with 2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := compareShape("", decode[any](t, recorded), decode[any](t, tc.ours), []string{"new"})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}
