package handler

import (
	"context"
	"strconv"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

// keyStats counts the alerts that arrived, by the form of their idempotency key. A missing
// alert must get the key that the webhook would give it, or a late delivery is posted
// twice. The key holds the organization, unless the payload has no $ORG_ID. So both forms
// are looked up, and the more frequent one is used.
//
// The ledger does not know an event whose payload has $ORG_NAME and no $ORG_ID, or names
// the event neither by $ID nor in a link.
type keyStats struct{ withOrg, withoutOrg int }

// missing returns the events that are known by neither form of their key.
func (s *keyStats) missing(events []datadog.Event, orgID string, known map[string]bool) []datadog.Event {
	var missing []datadog.Event
	for _, e := range events {
		switch {
		case known[keyOf(e, orgID)]:
			s.withOrg++
		case known[keyOf(e, "")]:
			s.withoutOrg++
		default:
			missing = append(missing, e)
		}
	}
	return missing
}

// orgID returns the organization's id if the webhook's keys hold it.
func (s *keyStats) orgID(id string) string {
	if s.withoutOrg > s.withOrg {
		return ""
	}
	return id
}

func keyOf(e datadog.Event, orgID string) string {
	return alert.Alert{OrgID: orgID, ID: e.ID}.Key()
}

// keysOf returns both forms of every event's key.
func keysOf(events []datadog.Event, orgID string) []string {
	keys := make([]string, 0, 2*len(events))
	for _, e := range events {
		keys = append(keys, keyOf(e, orgID), keyOf(e, ""))
	}
	return keys
}

// organization returns the id of the organization, which all monitors share and events in
// a list do not have. It is empty if it was never learned and all these monitors are
// deleted.
func (h *Handler) organization(ctx context.Context, events []datadog.Event, r *routing) (string, error) {
	for _, e := range events {
		if h.orgID.Load() != 0 {
			break
		}
		m, err := h.monitorOf(ctx, e.Alert(""), r)
		if err != nil {
			return "", err
		}
		if m != nil {
			h.orgID.Store(m.OrgID)
		}
	}
	if id := h.orgID.Load(); id != 0 {
		return strconv.FormatInt(id, 10), nil
	}
	return "", nil
}

// monitorOf reads each monitor once in a run. It returns nil if there is none.
func (h *Handler) monitorOf(ctx context.Context, a alert.Alert, r *routing) (*datadog.Monitor, error) {
	id, _ := strconv.ParseInt(a.MonitorID, 10, 64) // 0 without a monitor.
	if m, read := r.monitors[id]; read || id == 0 {
		return m, nil
	}
	m, err := h.Datadog.Monitor(ctx, id, datadog.MonitorQuery{})
	switch {
	case datadog.IsNotFound(err):
		r.monitors[id] = nil
	case err != nil:
		return nil, err
	default:
		r.monitors[id] = &m
	}
	return r.monitors[id], nil
}
