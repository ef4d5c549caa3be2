package datadog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClient_DowntimeMatches(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want []DowntimeMatch
	}{
		"some": {
			`{"data":[{"type":"downtime_match","id":"a","attributes":{"groups":["*"],"scope":"*","start":"2023-06-28T17:23:57.324000+00:00","end":null}},
				{"id":"b","attributes":{"groups":["host:a","host:b"],"scope":"env:dev","start":"2023-06-28T17:23:57+02:00","end":"2023-06-28T18:00:00+00:00"}}]}`,
			[]DowntimeMatch{
				{ID: "a", Scope: "*", Groups: []string{"*"}, Start: time.Date(2023, 6, 28, 17, 23, 57, 324e6, time.UTC)},
				{
					ID: "b", Scope: "env:dev", Groups: []string{"host:a", "host:b"},
					Start: time.Date(2023, 6, 28, 15, 23, 57, 0, time.UTC), End: time.Date(2023, 6, 28, 18, 0, 0, 0, time.UTC),
				},
			},
		},
		"none":                  {`{"data":[]}`, nil},
		"values_of_other_types": {`{"data":[{"id":"a","attributes":{"groups":"*","scope":7,"start":"now"}}]}`, []DowntimeMatch{{ID: "a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			got, err := clientOver(t, l.answering(200, tt.body), keyring{}).DowntimeMatches(t.Context(), 7)
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("matches (-want +got):\n%s%v", diff, err)
			}
			if want := "https://api.datadoghq.com/api/v2/monitor/7/downtime_matches?page%5Blimit%5D=100"; l.requests[0].url != want {
				t.Errorf("asked %s, want %s", l.requests[0].url, want)
			}
		})
	}
}

func TestClient_CurrentDowntimes(t *testing.T) {
	var l log
	got, err := clientOver(t, l.answering(200, `{"data":[
		{"id":"a","type":"downtime","attributes":{"message":"upgrade","status":"active"},"relationships":{"created_by":{"data":{"id":"u","type":"users"}}}},
		{"id":"b","attributes":{"message":null},"relationships":{"created_by":{"data":null},"monitor":{"data":{"id":"7","type":"monitors"}}}}],
		"included":[{"id":"7","type":"monitors","attributes":{"name":"Load"}},{"id":"u","type":"users","attributes":{"name":"Ada","handle":"ada@example.com"}}]}`), keyring{}).
		CurrentDowntimes(t.Context())
	want := []DowntimeNote{{ID: "a", Message: "upgrade", Creator: User{"u", "Ada", "ada@example.com"}}, {ID: "b"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("notes (-want +got):\n%s%v", diff, err)
	}
	if want := "https://api.datadoghq.com/api/v2/downtime?current_only=true&include=created_by&page%5Blimit%5D=100"; l.requests[0].url != want {
		t.Errorf("asked %s, want %s", l.requests[0].url, want)
	}
}
