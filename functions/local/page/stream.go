package page

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// stream sends each delivery when it arrives and when it changes, as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). A browser that comes back
// starts anew.
func (p *Page) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w).Flush
	_, _ = fmt.Fprint(w, "event: clear\ndata: {}\n\n") // What the browser has may be of another server.
	for seen := int64(0); ; {
		cards, newest, changed := p.deliveries.since(seen)
		seen = newest
		for _, c := range cards {
			if data, err := json.Marshal(c); err == nil {
				_, _ = fmt.Fprintf(w, "data: %s\n\n", data)
			}
		}
		if flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func (p *Page) delivery(r *http.Request) (any, error) {
	found := p.deliveries.find(r.PathValue("id"))
	if found == nil {
		return nil, failure{http.StatusNotFound, fmt.Sprintf("The page remembers the last %d deliveries, and this one is not among them.", maxDeliveries)}
	}
	return found.roundTrip(), nil
}
