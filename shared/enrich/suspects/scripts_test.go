package suspects_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"boomerang/shared/enrich/metric"
)

// The kinds of incident: with a cause that can be named, and without.
var (
	withCause    = []string{"deploy", "dependency deploy", "upstream", "group", "config", "flag", "infrastructure", "two", "recurring"}
	withoutCause = []string{"unrelated", "noise", "later", "even", "nothing", "renotify", "recovery"}
	signals      = []string{"latency", "errors", "host", "disk", "queue", "pods", "synthetic", "slo", "logs", "resource", "traffic"}
)

// TestIncidents checks the scripts, whose mistakes would make the figures wrong.
func TestIncidents(t *testing.T) {
	for _, folder := range []string{tuning, held} {
		for _, in := range load(t, folder) {
			in.check(func(ok bool, format string, args ...any) {
				if !ok {
					t.Errorf("%s: "+format, append([]any{in.file}, args...)...)
				}
			})
		}
	}
}

func (in incident) check(check func(ok bool, format string, args ...any)) {
	n := in.Alert
	check(in.Name != "" && in.Why != "" && n.Monitor > 0 && n.Type != "" && n.Title != "", "name, why or a field of the alert is missing")
	check(strings.HasSuffix(n.Title, " "+in.monitorName()) && strings.Contains(n.Title, string(n.Transition)), "the title lacks the monitor's name or the transition")
	check((n.Began > 0) == (n.First != ""), "an alert that began earlier, and no other, says how it began")
	hasCause := slices.Contains(withCause, in.Kind)
	check(hasCause || slices.Contains(withoutCause, in.Kind), "unknown kind %q", in.Kind)
	check(slices.Contains(signals, in.Signal), "unknown signal %q", in.Signal)
	check(in.Want != nil && hasCause == (len(in.Want) > 0), "kind %q with %d suspects", in.Kind, len(in.Want))
	for _, tag := range in.scopes() {
		check(slices.Contains(n.Tags, tag), "the alert's tags lack %s of its scope", tag)
	}
	byID := map[string]event{}
	for _, e := range in.Events {
		_, seen := byID[e.ID]
		check(e.ID != "" && !seen, "the id %q is missing or not unique", e.ID)
		byID[e.ID] = e
		check(e.At+float64(max(0, e.Times-1))*e.Every <= n.Began, "%s happens after the notification", e.ID)
		check(e.Title != "" && (e.Source != "" || e.Monitor != 0 || e.Change != nil), "%s has no title or no source", e.ID)
	}
	for _, w := range in.Want {
		e, exists := byID[w.Event]
		check(w.Event == "" || exists && e.At < 0 && e.Times <= 1, "the suspect %s must be a single event before the alert", w.Event)
		check((in.Kind == "group") == (w.Group != "") && (w.Event == "") != (w.Group == ""), "the suspect %+v in the kind %q", w, in.Kind)
		for _, g := range in.Groups {
			check(w.Group == "" || isFailing(g) == slices.Contains(g.tags(), w.Group), "the group %s is %s, and %s is suspected", g.Name, g.Status, w.Group)
		}
	}
	for _, c := range in.Earlier {
		check(c.Lasted > 0 && c.Began+c.Lasted < 0, "the earlier cycle %v is not over before the alert", c.Began)
	}
	if m := in.Metric; m != nil {
		_, err := metric.ParseQuery(cmp.Or(m.Query, n.Query))
		check(err == nil && (m.Jump == nil || m.Ramp == nil), "the metric has a jump and a ramp, or: %v", err)
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// TestIncidents_Apart holds the folders apart: what rules were tuned with must not come
// again where they are measured.
func TestIncidents_Apart(t *testing.T) {
	from, names := map[string]string{}, map[string]string{}
	for _, folder := range []string{tuning, held} {
		for _, in := range load(t, folder) {
			for _, unique := range []string{"name " + in.Name, "why " + in.Why, fmt.Sprint("monitor ", in.Alert.Monitor), "monitor's name " + in.Alert.Name} {
				if other, seen := names[unique]; seen {
					t.Errorf("%s has the same %s as %s", in.file, unique, other)
				}
				names[unique] = in.file
			}
			once := func(what string) {
				if other, seen := from[what]; seen && filepath.Dir(other) != folder {
					t.Errorf("%s has the %s, as %s", in.file, what, other)
				}
				from[what] = in.file
			}
			for _, one := range in.Services {
				once("service " + one.Name)
			}
			for _, e := range in.Events {
				once("title " + digits.ReplaceAllString(strings.ToLower(e.Title), "0"))
			}
		}
	}
}
