// Package downtimes is the step "downtimes": which downtimes silence the alert's
// monitor now, until when, and why somebody scheduled them. It needs the
// permission monitors_downtime.
package downtimes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Name is the step's name in playbooks, answers and events.
const Name = "downtimes"

// Permission is what the application key needs. It lets its holder schedule
// downtimes too: Datadog has none that only reads them.
const Permission = "monitors_downtime"

// Source is where downtimes are read.
type Source interface {
	DowntimeMatches(ctx context.Context, monitorID int64) ([]datadog.DowntimeMatch, error)
	CurrentDowntimes(ctx context.Context) ([]datadog.DowntimeNote, error)
}

var _ Source = (*datadog.Client)(nil)

// Config is what a playbook may say.
type Config struct {
	Monitor string `yaml:"monitor" doc:"Id of the monitor whose downtimes to look for; empty means the alert's own monitor."`
}

// Validate returns an error for a monitor that no id can name.
func (c Config) Validate() error {
	if strings.Contains(c.Monitor, "{{") || strings.TrimSpace(c.Monitor) == "" {
		return nil
	}
	if _, ok := monitorID(c.Monitor); !ok {
		return fmt.Errorf("monitor: %q is no monitor's id; it is a whole number above zero", c.Monitor)
	}
	return nil
}

func monitorID(text string) (int64, bool) {
	id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return id, err == nil && id > 0
}

// New returns the step.
func New(source Source, c Config) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		text := c.Monitor
		if strings.TrimSpace(text) == "" {
			text = a.MonitorID
		}
		id, ok := monitorID(text)
		if !ok {
			return enrich.Finding{}, enrich.Skip("the alert names no monitor")
		}
		matches, err := source.DowntimeMatches(ctx, id)
		if err != nil {
			return enrich.Finding{}, explained(id, err)
		}
		if len(matches) == 0 {
			return none(), nil
		}
		// Who scheduled a downtime and why is worth a second call, but not the finding.
		notes, err := source.CurrentDowntimes(ctx)
		f := found(a.Scope, matches, notes)
		f.PartialReason = err
		return f, nil
	})
}

func explained(id int64, err error) error {
	if e, ok := errors.AsType[*datadog.Error](err); ok && e.Status == http.StatusNotFound {
		return fault.New(fault.Permanent, fmt.Sprintf("Datadog has no monitor %d: it was deleted, or belongs to another organisation", id), err)
	}
	return err
}

// Data is what playbooks and machines see.
type Data struct {
	// Muted is true when a downtime silences the very group that alerted.
	Muted bool `json:"muted"`
	// Until is when the last of the downtimes ends; zero when there is none, or one
	// that has no end.
	Until     time.Time  `json:"until,omitzero"`
	Count     int        `json:"count"`
	Downtimes []Downtime `json:"downtimes,omitempty"`
}

// Downtime silences the monitor, or some groups of it.
type Downtime struct {
	ID      string    `json:"id"`
	Scope   string    `json:"scope"` // "env:staging", or "*".
	Groups  []string  `json:"groups,omitempty"`
	Start   time.Time `json:"start,omitzero"`
	Until   time.Time `json:"until,omitzero"` // Zero when it has no end.
	Message string    `json:"message"`
	By      string    `json:"by"` // An e-mail address.
}

// What an event shows at most, and of a message in characters.
const (
	maxShown   = 5
	maxMessage = 200
)

func none() enrich.Finding {
	return enrich.Finding{
		Title: "Downtimes", Weight: enrich.Background,
		Blocks: []enrich.Block{enrich.Paragraph("No downtime silences the monitor now.")}, Data: Data{},
	}
}

func found(scope string, matches []datadog.DowntimeMatch, notes []datadog.DowntimeNote) enrich.Finding {
	d := Data{Count: len(matches)}
	list := enrich.List{More: max(0, len(matches)-maxShown)}
	endless := false
	for _, m := range matches {
		one := Downtime{ID: m.ID, Scope: m.Scope, Groups: m.Groups, Start: m.Start, Until: m.End}
		if i := slices.IndexFunc(notes, func(n datadog.DowntimeNote) bool { return n.ID == m.ID }); i >= 0 {
			one.Message, one.By = strings.TrimSpace(notes[i].Message), notes[i].Creator.Email
		}
		d.Muted = d.Muted || silences(m, scope)
		endless = endless || m.End.IsZero()
		if m.End.After(d.Until) {
			d.Until = m.End
		}
		if len(d.Downtimes) < maxShown {
			d.Downtimes = append(d.Downtimes, one)
			list.Items = append(list.Items, enrich.Item{Time: m.Start, Text: words(one)})
		}
	}
	if endless {
		d.Until = time.Time{}
	}
	return enrich.Finding{Title: "Downtimes", Weight: enrich.Important, Blocks: []enrich.Block{list}, Data: d}
}

// silences reports whether a downtime holds for the group that alerted. A monitor
// without groups has the one group "*".
func silences(m datadog.DowntimeMatch, scope string) bool {
	own := tagSet(scope)
	return len(m.Groups) == 0 || slices.ContainsFunc(m.Groups, func(group string) bool {
		return group == "*" || len(own) > 0 && slices.Equal(tagSet(group), own)
	})
}

// tagSet is a group's tags in an order of their own: "host:a, env:prod" and
// "env:prod,host:a" are one group.
func tagSet(group string) []string {
	var tags []string
	for tag := range strings.SplitSeq(group, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return tags
}

// words tell a downtime in a line: "env:staging, until 21 Nov 16:00 UTC, by
// ada@example.com: upgrade of the database".
func words(d Downtime) string {
	text := d.Scope
	if text == "" || text == "*" {
		text = "everything"
	}
	if d.Until.IsZero() {
		text += ", without end"
	} else {
		text += ", until " + d.Until.UTC().Format("2 Jan 15:04 UTC")
	}
	if d.By != "" {
		text += ", by " + d.By
	}
	if d.Message == "" {
		return text
	}
	message := []rune(strings.Join(strings.Fields(d.Message), " "))
	if len(message) > maxMessage {
		message = append(message[:maxMessage-1], '…')
	}
	return text + ": " + string(message)
}
