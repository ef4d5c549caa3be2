package datadog

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
)

func TestClient_Series(t *testing.T) {
	at := time.Date(2021, 4, 12, 9, 52, 15, 0, time.UTC)
	for name, tt := range map[string]struct {
		body string
		want []Series
	}{
		"all_there_is": {
			`{"status":"ok","res_type":"time_series","series":[{"metric":"trace.bytes","scope":"bar:baz,host:a","tag_set":["host:a"],"interval":1,"aggr":"avg",
			  "unit":[{"family":"bytes","name":"byte","short_name":"B","plural":"bytes"},{"family":"time","name":"second","short_name":"s"}],
			  "pointlist":[[1618221135000.0,10.5],[1618221136000,null],[1618221137000,1e-7]]}],"message":""}`,
			[]Series{{
				Metric: "trace.bytes", Scope: "bar:baz,host:a", Group: []string{"host:a"}, Unit: "B/s",
				Points: []Point{{at, 10.5}, {at.Add(2 * time.Second), 1e-7}},
			}},
		},
		"no_points": {`{"status":"ok","series":[]}`, []Series{}},
		"a_unit_without_a_short_name": {
			`{"series":[{"unit":[{"name":"request","short_name":null},null]}]}`, []Series{{Unit: "request"}},
		},
		"no_unit": {`{"series":[{"unit":null}]}`, []Series{{}}},
		"values_of_other_types": {
			`{"series":[{"metric":7,"tag_set":"host:a","unit":"percent","pointlist":[[1618221135000],["x",1],[1618221135000,"1"],null,[1618221135000,2]]},7]}`,
			[]Series{{Points: []Point{{at, 2}}}, {}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := clientOver(t, answering(200, tt.body), keyring{}).Series(t.Context(), SeriesQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClient_Series_a_refusal_with_status_200_is_one(t *testing.T) {
	_, err := clientOver(t, answering(200, `{"status":"error","error":"Error parsing\nquery: unexpected }"}`), keyring{}).Series(t.Context(), SeriesQuery{})
	f, e := failure(t, err)
	if want := "Datadog refused to query the metric: Error parsing query: unexpected }"; f.Public != want || f.Kind != fault.Permanent || e.Words == "" {
		t.Errorf("got %v, %q, want %q", f.Kind, f.Public, want)
	}
	if strings.Contains(err.Error()+fault.LogText(err), "parsing") {
		t.Errorf("the log would quote the query: %v", err)
	}
}

func TestClient_Snapshot(t *testing.T) {
	c := clientOver(t, answering(200, `{"graph_def":"{}","snapshot_url":"https://p.datadoghq.com/snapshot/a.png"}`), keyring{})
	if got, err := c.Snapshot(t.Context(), SnapshotQuery{}); err != nil || got != "https://p.datadoghq.com/snapshot/a.png" {
		t.Errorf("got %q, %v", got, err)
	}
	c = clientOver(t, answering(200, `{"snapshot_url":"javascript:alert()"}`), keyring{})
	if got, err := c.Snapshot(t.Context(), SnapshotQuery{}); !fault.IsTemporary(err) || got != "" {
		t.Errorf("of an answer without a picture: %q, %v", got, err)
	}
}

func TestClient_Snapshot_names_no_permission_for_there_is_none(t *testing.T) {
	_, err := clientOver(t, answering(403, `{"errors":["Forbidden"]}`), keyring{}).Snapshot(t.Context(), SnapshotQuery{})
	want := "Datadog refused to take the graph's snapshot (403 Forbidden); check that both keys are of one organisation on datadoghq.com"
	if got := fault.Public(err); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
