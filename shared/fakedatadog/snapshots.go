package fakedatadog

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// GraphSnapshot is the route of GET /api/v1/graph/snapshot. There is nothing to
// seed: Datadog takes a picture of any query, and of one without data too.
const GraphSnapshot Route = "graph.snapshot"

// The limit is that of Datadog's recorded answers.
func snapshotRoutes() []route {
	return []route{{
		name: GraphSnapshot, method: http.MethodGet, path: "/api/v1/graph/snapshot", needs: bothKeys, handle: takeSnapshot,
		limit: limit{name: "graph_snapshot", calls: 60, period: time.Hour},
	}}
}

func takeSnapshot(c call) answer {
	p := queryParams{Values: c.query}
	p.integer("start", true)
	p.integer("end", true)
	metric, definition := c.query.Get("metric_query"), c.query.Get("graph_def")
	if metric == "" && definition == "" {
		p.fail("The parameter '%s' is required", "metric_query")
	}
	if p.problem != "" {
		return failure(http.StatusBadRequest, p.problem)
	}
	taken := map[string]string{"graph_def": definition}
	if metric != "" {
		taken["graph_def"], taken["metric_query"] = graphOf(metric), metric
	}
	if event := c.query.Get("event_query"); event != "" {
		taken["event_query"] = event
	}
	sum := sha256.Sum256([]byte(c.query.Encode()))
	taken["snapshot_url"] = fmt.Sprintf("https://p.datadoghq.com/snapshot/view/dd-snapshots-prod/org_%d/%s/%x.png",
		organisationID, c.now.UTC().Format(time.DateOnly), sum[:20])
	return success(taken)
}

func graphOf(metric string) string {
	b, _ := json.Marshal(map[string]any{"requests": []map[string]string{{"q": metric}}}) // Strings always encode.
	return string(b)
}
