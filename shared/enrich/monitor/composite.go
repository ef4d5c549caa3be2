package monitor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/site"
)

// Part is a monitor that a composite monitor combines. Name and State are empty if it cannot
// be read.
type Part struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"`
	URL   string `json:"url"`
}

// maxParts is how many parts are read; Datadog allows 10
// (https://docs.datadoghq.com/monitors/types/composite/).
const maxParts = 4

var partID = alert.Pattern(`\d+`)

// readParts reads the parts of a composite monitor side by side, and returns the first error.
func readParts(ctx context.Context, get source, m datadog.Monitor, s site.Site) (parts []Part, err error) {
	if m.Type != "composite" {
		return nil, nil
	}
	var steps []enrich.Named
	for _, text := range partID().FindAllString(m.Query, -1) {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || slices.ContainsFunc(parts, func(p Part) bool { return p.ID == id }) {
			continue
		}
		parts = append(parts, Part{ID: id, URL: pageURL(s, id)})
		steps = append(steps, enrich.Named{Name: text, Step: enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
			part, err := get(ctx, id, datadog.MonitorQuery{})
			if err != nil {
				err = wrapNotFound(id, err)
			}
			return enrich.Finding{Data: part}, err
		})})
	}
	results := enrich.Run(ctx, steps[:min(len(steps), maxParts)], alert.Alert{}, enrich.PartTimeout(ctx))
	for i, r := range results {
		if part, ok := r.Finding.Data.(datadog.Monitor); ok && r.Status == enrich.OK {
			parts[i].Name, parts[i].State = part.Name, part.OverallState
		} else {
			err = cmp.Or(err, r.Err)
		}
	}
	return parts, err
}

func (p Part) title() string { return cmp.Or(p.Name, fmt.Sprintf("monitor %d", p.ID)) }

func (p Part) state() string { return cmp.Or(p.State, "unknown") }

// item names the part: "Alert · Latency is high (4711)".
func (p Part) item(repeated enrich.Answer) enrich.Item {
	return enrich.Item{Tag: p.state(), Text: enrich.NameAndID(enrich.Line(p.Name, maxLinkTitle), strconv.FormatInt(p.ID, 10)), URL: p.URL, Lead: repeated}
}
