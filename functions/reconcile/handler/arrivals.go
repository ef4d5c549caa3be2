package handler

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

// The ledger knows an alert by its organisation and its event's id. Events in a
// list do not say which organisation they are of, but monitors do, and it is the
// same for all: that of the keys. A payload without $ORG_ID, however, left it out
// of the key, and a missing alert must get the key that the webhook would have
// given it, or a delivery that is merely late is posted twice. So both keys are
// asked for, and those that are found say which one the webhook uses. (A payload
// with $ORG_NAME and no $ORG_ID, or without $ID, has a key that no event tells.)

// arrivals counts the alerts that did arrive, by the form of their key.
type arrivals struct{ withOrganisation, without int }

// missing returns the events that the ledger knows by neither key.
func (a *arrivals) missing(named []datadog.Event, organisation string, known map[string]bool) []datadog.Event {
	var missing []datadog.Event
	for _, e := range named {
		switch {
		case known[keyOf(e, organisation)]:
			a.withOrganisation++
		case known[keyOf(e, "")]:
			a.without++
		default:
			missing = append(missing, e)
		}
	}
	return missing
}

// organisation returns what the webhook would have read from the payload: nothing
// when most of the others came without.
func (a arrivals) organisation(id string) string {
	if a.without > a.withOrganisation {
		return ""
	}
	return id
}

func keyOf(e datadog.Event, organisation string) string {
	return alert.Alert{OrgID: organisation, ID: e.ID}.Key()
}

// keysOf returns every key by which the ledger may know one of the events.
func keysOf(named []datadog.Event, organisation string) []string {
	keys := make([]string, 0, 2*len(named))
	for _, e := range named {
		keys = append(keys, keyOf(e, organisation), keyOf(e, ""))
	}
	return keys
}

// organisationOf returns the id of the organisation. It is empty when it was never
// learned and all of these monitors are deleted by now.
func (h *Handler) organisationOf(ctx context.Context, named []datadog.Event) (string, error) {
	asked := map[int64]bool{0: true}
	for _, e := range named {
		id := monitorOf(e)
		if h.organisation.Load() != 0 || asked[id] {
			continue
		}
		asked[id] = true
		m, err := h.Monitors.Monitor(ctx, id, datadog.MonitorQuery{})
		if err != nil && !isGone(err) {
			return "", err
		}
		h.organisation.Store(m.OrgID)
	}
	if id := h.organisation.Load(); id != 0 {
		return strconv.FormatInt(id, 10), nil
	}
	return "", nil
}

func isGone(err error) bool {
	answer, ok := errors.AsType[*datadog.Error](err)
	return ok && answer.Status == http.StatusNotFound
}

// monitorLink is what an alert's text links to: /monitors/4711?… or /monitors#4711.
var monitorLink = regexp.MustCompile(`/monitors[/#](\d+)`)

// monitorOf returns the id of the event's monitor, or 0. The field that says it is
// in Datadog's answers and not in its documentation, so the text has a say too.
func monitorOf(e datadog.Event) int64 {
	if e.MonitorID != 0 {
		return e.MonitorID
	}
	link := monitorLink.FindStringSubmatch(e.Text)
	if link == nil {
		return 0
	}
	id, err := strconv.ParseInt(link[1], 10, 64)
	if err != nil {
		return 0 // More digits than any monitor has.
	}
	return id
}
