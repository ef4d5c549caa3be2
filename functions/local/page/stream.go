package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// keepAlive is how often a stream without deliveries says that it is alive.
const keepAlive = 20 * time.Second

// stream sends each delivery when it arrives and when it changes, as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). A browser that comes back
// gets what it missed.
func (p *Page) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w).Flush
	seen := int64(0)
	if version, ok := strings.CutPrefix(r.Header.Get("Last-Event-ID"), p.started+"-"); ok {
		seen, _ = strconv.ParseInt(version, 10, 64)
	} else {
		_, _ = fmt.Fprint(w, "event: clear\ndata: {}\n\n") // What the browser has is of another server.
	}
	for {
		cards, newest, changed := p.deliveries.since(seen)
		seen = newest
		for _, c := range cards {
			data, err := json.Marshal(c)
			if err != nil {
				continue
			}
			_, _ = fmt.Fprintf(w, "id: %s-%d\ndata: %s\n\n", p.started, seen, data)
		}
		if flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-time.After(keepAlive):
			_, _ = fmt.Fprint(w, ": alive\n\n")
		case <-r.Context().Done():
			return
		}
	}
}

// delivery is one round trip.
func (p *Page) delivery(r *http.Request) (any, error) {
	found := p.deliveries.find(r.PathValue("id"))
	if found == nil {
		return nil, failure{http.StatusNotFound, fmt.Sprintf("The page remembers the last %d deliveries, and this one is not among them.", maxDeliveries)}
	}
	return found.roundTrip(), nil
}
