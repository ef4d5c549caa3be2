package enrich

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
)

func TestTags(t *testing.T) {
	for _, tt := range []struct {
		name string
		a    alert.Alert
		want alert.Tags
	}{
		{"nothing_of_nothing", alert.Alert{}, nil},
		{"a_scope_that_says_everything_says_nothing", alert.Alert{Scope: "*"}, nil},
		{
			"the_group_comes_first_and_the_host_last",
			alert.Alert{Scope: "host:a, env:prod", Tags: alert.Tags{"monitor", "env:eu"}, Hostname: "b"},
			alert.Tags{"host:a", "env:prod", "monitor", "env:eu", "host:b"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Tags(tt.a)); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTags_leave_the_alert_as_it_is(t *testing.T) {
	tags := append(make(alert.Tags, 0, 8), "a:1")
	Tags(alert.Alert{Tags: tags, Hostname: "b"})
	if got := tags[:2][1]; got != "" {
		t.Errorf("the alert's tags now hold %q behind their end", got)
	}
}
