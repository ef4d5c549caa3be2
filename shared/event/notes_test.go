package event_test

import (
	"slices"
	"strings"
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/event"
)

func TestCompose_Notes(t *testing.T) {
	for name, c := range map[string]struct {
		unreadable []string
		warnings   []string
		want       string
	}{
		"none":       {},
		"unreadable": {unreadable: []string{"date", "metadata.ALERT_PRIORITY"}, want: `_To fix:_ unreadable in the payload: date, metadata.ALERT_PRIORITY`},
		"too many": {
			unreadable: slices.Repeat([]string{strings.Repeat("é@", 5000)}, 100), warnings: []string{strings.Repeat("w", 5000), strings.Repeat("x", 5000)},
			want: "_To fix:_ unreadable in the payload: é＠é＠",
		},
		"both": {
			unreadable: []string{"a", "b", "c", "d", "e", "f", "@all"}, warnings: []string{`playbook x, event.priority: Datadog does not know "@all"`},
			want: `_To fix:_ unreadable in the payload: a, b, c, d, e, 2 more; playbook x, event.priority: Datadog does not know "＠all"`,
		},
	} {
		a := triggered()
		a.Message = strings.Repeat("a word ", 1000)
		for _, field := range c.unreadable {
			a.Unreadable = append(a.Unreadable, alert.Problem{Field: field, Reason: "is not a date"})
		}
		e, _ := mustCompose(t, a, event.Draft{Playbook: "x", Warnings: c.warnings}, results())
		if c.want == "" && strings.Contains(e.Text, "To fix") || !strings.Contains(e.Text, c.want) {
			t.Errorf("%s: the text lacks %q:\n%s", name, c.want, e.Text)
		}
	}
}
