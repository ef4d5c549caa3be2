package datadog

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"boomerang/shared/fault"
)

// asked are reads that take what an alert says into their address.
var asked = map[string]func(context.Context, *Client) error{
	"events_by_tag": func(ctx context.Context, c *Client) error {
		_, err := c.Events(ctx, EventQuery{Start: time.Unix(1, 0), End: time.Unix(2, 0), Tags: []string{"customer:jane"}})
		return err
	},
	"a_kept_read": func(ctx context.Context, c *Client) error {
		_, err := c.Cached(time.Minute).Events(ctx, EventQuery{Start: time.Unix(1, 0), End: time.Unix(2, 0), Tags: []string{"customer:jane"}})
		return err
	},
	"a_metric_by_the_monitor's_query": func(ctx context.Context, c *Client) error {
		_, err := c.Series(ctx, SeriesQuery{Query: "avg:logins{customer:jane}", From: time.Unix(1, 0), To: time.Unix(2, 0)})
		return err
	},
	"a_host_by_its_name": func(ctx context.Context, c *Client) error {
		_, err := c.Hosts(ctx, HostQuery{Filter: "host:jane"})
		return err
	},
	"a_service_by_its_name": func(ctx context.Context, c *Client) error {
		_, err := c.Service(ctx, "jane")
		return err
	},
	"an_address_that_is_none": func(ctx context.Context, c *Client) error {
		return c.read(ctx, call{op: "get the page", method: http.MethodGet, path: "/jane\x7f"}, &wireEvent{})
	},
}

func TestClient_no_error_tells_what_was_asked_for(t *testing.T) {
	handlers := maps.Clone(misbehaviours)
	handlers["hangs"], handlers["is_not_there"] = hang, nil
	for how, handler := range handlers {
		for name, read := range asked {
			t.Run(how+"_"+name, func(t *testing.T) {
				s, c := server(t, handler)
				if handler == nil {
					s.Close()
				}
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				err := read(ctx, c)
				f, e := failure(t, err)
				if e.Cause == nil {
					t.Errorf("the cause is lost in %+v", e)
				}
				for _, text := range []string{err.Error(), f.Public, e.Error(), fault.Public(err), fmt.Sprintf("%+v %#v", err, *e)} {
					if strings.Contains(text, "jane") {
						t.Errorf("tells what the alert says: %s", text)
					}
				}
			})
		}
	}
}
