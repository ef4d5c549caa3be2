package fakedatadog_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"boomerang/shared/fakedatadog"
)

// seedHosts makes the hosts those of one recorded list, and sets the clock to when
// they reported: in a recording they come and go, and the metrics that make them
// do so are no business of the stand-in.
func (p *playback) seedHosts(t *testing.T, name fakedatadog.Route, e exchange) {
	t.Helper()
	if name != fakedatadog.HostsList || e.Response.Code != http.StatusOK {
		return
	}
	hosts := decode[struct {
		List []fakedatadog.Host `json:"host_list"`
	}](t, e.Response.Body).List
	if len(hosts) > 0 {
		p.now = time.Unix(hosts[0].LastReportedTime, 0)
	}
	p.server.SetHosts(hosts...)
}

// seedStream adds the events that recorded searches found, and sets the clock,
// since they say "now".
func (p *playback) seedStream(t *testing.T, c cassette) {
	t.Helper()
	for _, e := range c.Interactions {
		if p.server.Route(e.request(t, p.replacer())) != fakedatadog.EventsSearch || e.Response.Code != http.StatusOK {
			continue
		}
		for _, found := range dataOf[struct {
			ID         string
			Attributes struct {
				Message    string
				Tags       []string
				Timestamp  time.Time
				Attributes struct {
					fakedatadog.Event
					Status, Hostname string
					Evt              struct{ ID string }
				}
			}
		}](t, e.Response.Body) {
			event := found.Attributes.Attributes.Event
			id, err := strconv.ParseInt(found.Attributes.Attributes.Evt.ID, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			event.ID, event.SearchID, event.AlertType = id, found.ID, found.Attributes.Attributes.Status
			event.Host, event.Text, event.Tags = found.Attributes.Attributes.Hostname, found.Attributes.Message, found.Attributes.Tags
			event.DateHappened = found.Attributes.Timestamp.Unix()
			p.server.AddEvent(event)
			if at := found.Attributes.Timestamp.Add(time.Second); at.After(p.now) {
				p.now = at
			}
		}
	}
}
