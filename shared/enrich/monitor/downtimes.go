package monitor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// DowntimeSource reads downtimes.
type DowntimeSource interface {
	DowntimeMatches(ctx context.Context, monitorID int64) ([]datadog.DowntimeMatch, error)
	CurrentDowntimes(ctx context.Context) ([]datadog.DowntimeNote, error)
}

type DowntimesConfig struct {
	Monitor string `yaml:"monitor" doc:"Monitor ID. Default: the alert's monitor."`
}

// Validate checks the monitor ID, unless it is a template.
func (c DowntimesConfig) Validate() error {
	if _, err := enrich.MonitorID(c.Monitor); err != nil && strings.TrimSpace(c.Monitor) != "" && !strings.Contains(c.Monitor, "{{") {
		return fmt.Errorf("monitor: %q is not a monitor ID; use a whole number above zero", c.Monitor)
	}
	return nil
}

// DowntimesKind describes the step to playbooks. Its permission also allows scheduling
// downtimes, because Datadog has none that only reads them.
func DowntimesKind(client *datadog.Client) enrich.Kind {
	return enrich.KindOf(enrich.Kind{
		Name: "downtimes", Doc: "Active downtimes of the alert's monitor: scope, end, author, reason.",
		Permissions: []string{"monitors_downtime"}, Data: DowntimesData{},
	}, func(c DowntimesConfig, cache time.Duration) enrich.Step { return newDowntimes(client.Cached(cache), c) })
}

func newDowntimes(source DowntimeSource, c DowntimesConfig) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		id, err := enrich.MonitorID(cmp.Or(strings.TrimSpace(c.Monitor), a.MonitorID))
		if err != nil {
			return enrich.Finding{}, err
		}
		matches, err := source.DowntimeMatches(ctx, id)
		if err != nil {
			return enrich.Finding{}, wrapNotFound(id, err)
		}
		var notes []datadog.DowntimeNote
		if len(matches) > 0 {
			notes, err = source.CurrentDowntimes(ctx)
		}
		f := downtimesFinding(matches, notes, a)
		f.PartialReason = err // Without the notes, the authors and reasons are missing.
		return f, nil
	})
}

type DowntimesData struct {
	Muted     bool             `json:"muted"`          // A downtime mutes the group that alerted.
	Until     time.Time        `json:"until,omitzero"` // The last end; zero when there is none.
	Count     int              `json:"count"`
	Downtimes []ActiveDowntime `json:"downtimes,omitempty"`
}

// ActiveDowntime mutes the monitor, or some groups of it.
type ActiveDowntime struct {
	datadog.DowntimeMatch
	Message string `json:"message"`
	By      string `json:"by"` // An e-mail address.
}

// What an event shows at most, and of a message in characters.
const (
	maxDowntimes = 5
	maxMessage   = 200
)

func downtimesFinding(matches []datadog.DowntimeMatch, notes []datadog.DowntimeNote, a alert.Alert) enrich.Finding {
	f := enrich.Finding{Title: "Downtimes", Weight: enrich.Background, Data: DowntimesData{}}
	if len(matches) == 0 {
		f.Blocks = []enrich.Block{enrich.Paragraph("No active downtime mutes the monitor.")}
		return f
	}
	isGroup := enrich.IsGroup(a)
	d := DowntimesData{
		Count: len(matches),
		Muted: slices.ContainsFunc(matches, func(m datadog.DowntimeMatch) bool { return mutes(m, isGroup) }),
	}
	if !slices.ContainsFunc(matches, func(m datadog.DowntimeMatch) bool { return m.End.IsZero() }) {
		d.Until = slices.MaxFunc(matches, func(a, b datadog.DowntimeMatch) int { return a.End.Compare(b.End) }).End
	}
	list := enrich.ListOf(matches, maxDowntimes, func(m datadog.DowntimeMatch) enrich.Item {
		one := ActiveDowntime{DowntimeMatch: m}
		if i := slices.IndexFunc(notes, func(n datadog.DowntimeNote) bool { return n.ID == m.ID }); i >= 0 {
			one.Message, one.By = strings.TrimSpace(notes[i].Message), notes[i].Creator.Email
		}
		d.Downtimes = append(d.Downtimes, one)
		return enrich.Item{Time: one.Start, Text: one.summary(a.Date)}
	})
	f.Weight, f.Blocks, f.Data = enrich.Important, []enrich.Block{list}, d
	if d.Muted {
		f.Lead = []enrich.Lead{{Answer: enrich.What, Text: "muted " + enrich.Until(d.Until, a.Date)}}
	}
	return f
}

// mutes reports whether a downtime holds for the group that alerted. A monitor without
// groups has the one group "*".
func mutes(m datadog.DowntimeMatch, isGroup func(string) bool) bool {
	return len(m.Groups) == 0 || slices.ContainsFunc(m.Groups, func(group string) bool { return group == "*" || isGroup(group) })
}

// summary is a downtime in a line: "env:staging, until 21 Nov 16:00 UTC, by
// ada@example.com: database upgrade".
func (d ActiveDowntime) summary(alerted time.Time) string {
	text := d.Scope
	if text == "" || text == "*" {
		text = "everything"
	}
	text += ", " + enrich.Until(d.End, alerted)
	if d.By != "" {
		text += ", by " + d.By
	}
	if message := enrich.Line(d.Message, maxMessage); message != "" {
		text += ": " + message
	}
	return text
}
