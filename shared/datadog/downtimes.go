package datadog

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// downtimesRead is the permission for all reads of downtimes. It lets its holder
// schedule them too: Datadog has none that only reads.
const downtimesRead = "monitors_downtime"

// DowntimeMatch is an active downtime that silences a monitor or some groups of it.
type DowntimeMatch struct {
	ID     string   // A UUID.
	Scope  string   // A query: "env:staging AND service:checkout", or "*".
	Groups []string // The groups that it silences: "host:a,env:prod", or "*".
	Start  time.Time
	End    time.Time // Zero when it has none.
}

// DowntimeMatches returns the downtimes that silence the monitor with the id now,
// at most 100. It needs the permission monitors_downtime.
//
// https://docs.datadoghq.com/api/latest/downtimes/#get-active-downtimes-for-a-monitor
func (c *Client) DowntimeMatches(ctx context.Context, monitorID int64) ([]DowntimeMatch, error) {
	var answer wireMatches
	get := call{
		op: "get the monitor's downtimes", permission: downtimesRead, method: http.MethodGet,
		path:  fmt.Sprintf("/api/v2/monitor/%d/downtime_matches", monitorID),
		query: url.Values{"page[limit]": {strconv.Itoa(maxDowntimes)}},
	}
	if err := c.read(ctx, get, &answer); err != nil {
		return nil, err
	}
	var matches []DowntimeMatch
	for _, m := range answer.Data {
		matches = append(matches, DowntimeMatch{
			ID: m.ID, Scope: m.Attributes.Scope, Groups: m.Attributes.Groups,
			Start: instant(m.Attributes.Start), End: instant(m.Attributes.End),
		})
	}
	return matches, nil
}

type wireMatches struct {
	Data []struct {
		ID         string `json:"id"`
		Attributes struct {
			Scope  string   `json:"scope"`
			Groups []string `json:"groups"`
			Start  string   `json:"start"`
			End    string   `json:"end"`
		} `json:"attributes"`
	} `json:"data"`
}

func (w *wireMatches) complete() bool { return w.Data != nil }

// maxDowntimes bounds one answer.
const maxDowntimes = 100

// DowntimeNote is what people wrote about a downtime, and who they are.
type DowntimeNote struct {
	ID      string
	Message string // May hold handles.
	Creator User
}

// CurrentDowntimes returns the notes of the organisation's downtimes that are
// active now, at most 100. It needs the permission monitors_downtime.
//
// https://docs.datadoghq.com/api/latest/downtimes/#get-all-downtimes
func (c *Client) CurrentDowntimes(ctx context.Context) ([]DowntimeNote, error) {
	var answer wireDowntimes
	list := call{
		op: "list the current downtimes", permission: downtimesRead, method: http.MethodGet, path: "/api/v2/downtime",
		query: url.Values{"current_only": {"true"}, "include": {"created_by"}, "page[limit]": {strconv.Itoa(maxDowntimes)}},
	}
	if err := c.read(ctx, list, &answer); err != nil {
		return nil, err
	}
	return answer.notes(), nil
}

type wireDowntimes struct {
	Data []struct {
		ID         string `json:"id"`
		Attributes struct {
			Message string `json:"message"`
		} `json:"attributes"`
		Relationships struct {
			CreatedBy struct{ Data reference } `json:"created_by"`
		} `json:"relationships"`
	} `json:"data"`
	Included []struct {
		reference
		Attributes userFields `json:"attributes"`
	} `json:"included"`
}

func (w *wireDowntimes) complete() bool { return w.Data != nil }

func (w *wireDowntimes) notes() []DowntimeNote {
	var notes []DowntimeNote
	for _, d := range w.Data {
		note := DowntimeNote{ID: d.ID, Message: d.Attributes.Message}
		for _, user := range w.Included {
			if user.reference == d.Relationships.CreatedBy.Data {
				note.Creator = user.Attributes.user(user.ID)
			}
		}
		notes = append(notes, note)
	}
	return notes
}
