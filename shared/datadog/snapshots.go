package datadog

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SnapshotQuery says of which metric query and of which time to take the picture.
type SnapshotQuery struct {
	Query    string    // "avg:system.load.1{env:prod} by {host}".
	From, To time.Time // Whole seconds count.
}

// Snapshot has a picture of a metric's graph taken and returns the address of the
// PNG, which shows nothing until some seconds later. Datadog documents no
// permission: the application key of anyone will do. An organisation may take
// some 60 pictures in an hour, by the rate limit that the API answers with.
//
// https://docs.datadoghq.com/api/latest/snapshots/#take-graph-snapshots
func (c *Client) Snapshot(ctx context.Context, query SnapshotQuery) (string, error) {
	var answer wireSnapshot
	get := call{
		op: "take the graph's snapshot", method: http.MethodGet, path: "/api/v1/graph/snapshot",
		query: url.Values{
			"start": {strconv.FormatInt(query.From.Unix(), 10)}, "end": {strconv.FormatInt(query.To.Unix(), 10)},
			"metric_query": {query.Query},
		},
	}
	if err := c.read(ctx, get, &answer); err != nil {
		return "", err
	}
	return answer.SnapshotURL, nil
}

type wireSnapshot struct {
	SnapshotURL string `json:"snapshot_url"`
}

func (w *wireSnapshot) complete() bool { return strings.HasPrefix(w.SnapshotURL, "https://") }
