package datadog

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// downtimesRead is the permission to read downtimes. It also allows to schedule them:
// Datadog has none that only reads.
const downtimesRead = "monitors_downtime"

// maxDowntimes bounds one response.
const maxDowntimes = 100

// DowntimeMatch is an active downtime that silences a monitor or some groups of it.
type DowntimeMatch struct {
	ID     string   // A UUID.
	Scope  string   // A query: "env:staging AND service:checkout", or "*".
	Groups []string // The silenced groups: "host:a,env:prod", or "*".
	Start  time.Time
	End    time.Time // Zero when it has none.
}

// DowntimeMatches returns at most 100 downtimes that silence the monitor now.
// https://docs.datadoghq.com/api/latest/downtimes/#get-active-downtimes-for-a-monitor
func (c *Client) DowntimeMatches(ctx context.Context, monitorID int64) ([]DowntimeMatch, error) {
	return read(ctx, c, call{
		op: "get the monitor's downtimes", permission: downtimesRead, method: http.MethodGet,
		path:  fmt.Sprintf("/api/v2/monitor/%d/downtime_matches", monitorID),
		query: url.Values{"page[limit]": {strconv.Itoa(maxDowntimes)}},
	}, downtimeMatches)
}

type downtimeFields struct {
	Scope, Start, End string
	Groups            []string
}

func downtimeMatches(r list[resource[downtimeFields]]) []DowntimeMatch {
	var matches []DowntimeMatch
	for _, m := range r.Data {
		a := m.Attributes
		matches = append(matches, DowntimeMatch{ID: m.ID, Scope: a.Scope, Groups: a.Groups, Start: parseTime(a.Start), End: parseTime(a.End)})
	}
	return matches
}

// DowntimeNote is the message of a downtime and its author.
type DowntimeNote struct {
	ID      string
	Message string // May hold mentions.
	Creator User
}

// CurrentDowntimes returns the notes of at most 100 active downtimes of the organisation.
// https://docs.datadoghq.com/api/latest/downtimes/#get-all-downtimes
func (c *Client) CurrentDowntimes(ctx context.Context) ([]DowntimeNote, error) {
	return read(ctx, c, call{
		op: "list the current downtimes", permission: downtimesRead, method: http.MethodGet, path: "/api/v2/downtime",
		query: url.Values{"current_only": {"true"}, "include": {"created_by"}, "page[limit]": {strconv.Itoa(maxDowntimes)}},
	}, downtimesResponse.notes)
}

type downtimesResponse struct {
	list[resource[struct{ Message string }]]
	Included []resource[userFields]
}

func (r downtimesResponse) notes() []DowntimeNote {
	var notes []DowntimeNote
	for _, d := range r.Data {
		note := DowntimeNote{ID: d.ID, Message: d.Attributes.Message}
		for _, user := range users(r.Included, d.Relationships["created_by"].Data) {
			note.Creator = user
		}
		notes = append(notes, note)
	}
	return notes
}
