package suspects

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/events"
	"boomerang/shared/enrich/metric"
	"boomerang/shared/enrich/monitor"
	"boomerang/shared/fault"
)

// evidence is all that the rules see.
type evidence struct {
	scope
	began   time.Time // Of the alert and not of its notification; zero if it is unknown.
	ongoing bool      // The monitor's groups are still as the alert made them.
	moved   metric.Move
	groups  []datadog.MonitorGroup // The healthy ones too, while the alert lasts.
	events  []event                // Those that concern the alert, from lookback before its begin to it, the newest first.
	alerts  []event                // Alerts of dependencies that were open when the alert began.
	past    []event                // Events like those before the alert in the weeks before, if they were read.
	cycles  []time.Time            // When earlier alerts of the monitor began, if past was read.
	// precedents are what earlier cycles of the monitor's group followed.
	precedents []enrich.Precedent
}

const (
	// lookback is how long before the alert's begin events are read, to know what is
	// routine, and metricLookback the same for the metric, to know its level.
	lookback, metricLookback = 6 * time.Hour, 3 * time.Hour
	// pastDays is how long before earlier alerts are looked for.
	pastDays = 14 * 24 * time.Hour
	// maxEvents is how many events one search returns, as one list does.
	maxEvents = 1000
)

// The names of the reads, as an event shows them.
const (
	readMonitor      = "the monitor's groups"
	readHistory      = "alerts of the day before"
	readAround       = "events of the alert's tag"
	readDependencies = "dependencies"
	readChanges      = "changes"
	readMetric       = "the metric's move"
	readPast         = "earlier alerts"
)

// reader reads the evidence. All reads of an alert that just began run side by side, after
// that of the monitor if the alert lacks what the others need.
type reader struct{ client *datadog.Client }

func (r reader) read(ctx context.Context, a alert.Alert) (evidence, []enrich.Result) {
	first := []enrich.Named{r.monitorPart(a)}
	var results []enrich.Result
	if strings.TrimSpace(a.Query) == "" || !enrich.NamesSubject(a) {
		results = enrich.Run(ctx, first, a, enrich.PartTimeout(ctx))
		a, first = monitor.Complete(a, found[datadog.Monitor](results, readMonitor)), nil
	}
	e := evidence{scope: newScope(a), began: a.Date, ongoing: !a.Transition.IsRecovery(), precedents: enrich.HistoryOf(ctx).Precedents}
	first = append(first, r.historyPart(a, e.scope), r.dependenciesPart(e.scope))
	if isFresh(a) {
		first = append(first, r.aroundPart(a), r.changesPart(e.scope, a.Date), r.metricPart(a, a.Date))
	}
	results = append(results, enrich.Run(ctx, first, a, enrich.PartTimeout(ctx))...)
	m, history := found[datadog.Monitor](results, readMonitor), found[[]datadog.Event](results, readHistory)
	if e.began = beganOf(a, m, history); e.began.IsZero() {
		e.began = enrich.HistoryOf(ctx).Began()
	}
	if !isFresh(a) && !e.began.IsZero() {
		results = append(results, enrich.Run(ctx, []enrich.Named{r.changesPart(e.scope, e.began), r.metricPart(a, e.began)}, a, enrich.PartTimeout(ctx))...)
	}
	e.scope = e.withDependencies(found[[]datadog.Entity](results, readDependencies))
	e.moved = found[metric.Move](results, readMetric)
	if e.ongoing {
		e.groups = m.Groups
	}
	e.events = e.concerning(found[[]datadog.Event](results, readChanges), found[[]datadog.Event](results, readAround))
	e.alerts = e.openAlerts(history)
	return e, results
}

// part makes a read a step, so that one that fails or is slow affects only itself. An alert
// without what the read needs skips it.
func part[T any](name string, isNeeded bool, read func(context.Context) (T, error)) enrich.Named {
	return enrich.Named{Name: name, Step: enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
		if !isNeeded {
			return enrich.Finding{}, errNoSubject
		}
		data, err := read(ctx)
		return enrich.Finding{Data: data}, err
	})}
}

var errNoSubject = enrich.Skip("the alert names no service and no resource")

// found returns what a read returned, or zero.
func found[T any](results []enrich.Result, name string) (data T) {
	for _, r := range results {
		if r.Name == name {
			data, _ = r.Finding.Data.(T)
		}
	}
	return data
}

// isFresh reports whether the notification comes when the alert begins.
func isFresh(a alert.Alert) bool {
	return a.Transition == "" || a.Transition.Begins()
}

// monitorPart is the read of the step monitor.
func (r reader) monitorPart(a alert.Alert) enrich.Named {
	return part(readMonitor, true, func(ctx context.Context) (datadog.Monitor, error) {
		id, err := enrich.MonitorID(a.MonitorID)
		if err != nil {
			return datadog.Monitor{}, err
		}
		m, err := r.client.Monitor(ctx, id, monitor.Query)
		if datadog.IsNotFound(err) {
			return m, enrich.Skip("Datadog has no such monitor")
		}
		return m, err
	})
}

func (r reader) historyPart(a alert.Alert, s scope) enrich.Named {
	return part(readHistory, s.monitorID != 0 || len(s.names) > 0, func(ctx context.Context) ([]datadog.Event, error) {
		return r.client.Events(ctx, events.HistoryQuery(a))
	})
}

func (r reader) aroundPart(a alert.Alert) enrich.Named {
	q := events.AroundQuery(a)
	return part(readAround, len(q.Tags) > 0, func(ctx context.Context) ([]datadog.Event, error) { return r.client.Events(ctx, q) })
}

func (r reader) dependenciesPart(s scope) enrich.Named {
	return part(readDependencies, s.service != "" && len(s.service) <= maxName, func(ctx context.Context) ([]datadog.Entity, error) {
		return r.client.Dependencies(ctx, s.service)
	})
}

func (r reader) changesPart(s scope, began time.Time) enrich.Named {
	terms := s.terms()
	return part(readChanges, len(terms) > 0, func(ctx context.Context) ([]datadog.Event, error) {
		return r.search(ctx, s.changesQuery(terms), began, lookback)
	})
}

// search finds the newest events in a time before the alert.
func (r reader) search(ctx context.Context, query string, began time.Time, before time.Duration) ([]datadog.Event, error) {
	from, to := enrich.Window(alert.Alert{Date: began}, before)
	return r.client.SearchEvents(ctx, datadog.SearchQuery{Query: query, From: from, To: to, Limit: maxEvents, MaxText: maxMatched})
}

func (r reader) metricPart(a alert.Alert, began time.Time) enrich.Named {
	return part(readMetric, true, func(ctx context.Context) (metric.Move, error) {
		from, to := enrich.Window(alert.Alert{Date: began}, metricLookback)
		return metric.ReadMove(ctx, r.client.Series, a, from, to)
	})
}

// readPast reads the weeks before for events of the same sources as those before the alert.
func (r reader) readPast(ctx context.Context, a alert.Alert, e evidence, candidates []event) (evidence, enrich.Result) {
	s := e.scope
	var sources, names []string
	for _, c := range candidates {
		if source := events.Source(c.Event); source != "" {
			sources = appendNew(sources, enrich.Quote(source))
		}
		names = appendNew(names, c.subject)
	}
	read := part(readPast, true, func(ctx context.Context) ([]datadog.Event, error) {
		terms := s.terms()
		for _, name := range names {
			terms = appendNew(terms, "service:"+enrich.Quote(name))
		}
		query := fmt.Sprintf("(%s) source:(%s)", strings.Join(terms, " OR "), strings.Join(append([]string{"alert", "monitor_alert"}, sources...), " OR "))
		return r.search(ctx, query, e.began, pastDays)
	})
	result := enrich.Run(ctx, []enrich.Named{read}, a, enrich.PartTimeout(ctx))
	for _, one := range found[[]datadog.Event](result, readPast) {
		switch relation, subject := s.relate(one); {
		case !one.Happened.Before(e.began):
		case one.MonitorID == s.monitorID && s.monitorID != 0 && events.Fired(one):
			e.cycles = append(e.cycles, one.Happened)
		case relation != unrelated && one.MonitorID == 0:
			e.past = append(e.past, event{Event: one, kind: events.Classify(one), relation: relation, subject: subject})
		}
	}
	return e, result[0]
}

func appendNew(list []string, one string) []string {
	if slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}

// The bounds of a search: Datadog's longest name, and the names that a search has.
const (
	maxName  = 200
	maxTerms = 30
)

// terms find the events of the alert's service and resources.
func (s scope) terms() (terms []string) {
	for _, name := range slices.Sorted(maps.Keys(s.names)) {
		if s.names[name] != own || len(name) > maxName {
			continue
		}
		for _, key := range enrich.KubernetesNameKeys {
			if len(terms) < maxTerms {
				terms = append(terms, key+":"+enrich.Quote(name))
			}
		}
	}
	if host := s.places.Get("host"); host != "" && len(host) <= maxName {
		terms = append(terms, "host:"+enrich.Quote(host))
	}
	return terms
}

// changesQuery finds all events that are no alerts, because the dependencies are not known when it
// is asked. Kubernetes says much about each pod, so of other services it counts only for
// what is new.
func (s scope) changesQuery(terms []string) string {
	query := fmt.Sprintf(events.NoAlerts+` (%s OR -source:kubernetes OR "scaled up replica set")`, strings.Join(terms, " OR "))
	if len(s.envs) > 0 && len(s.envs[0]) <= maxName {
		query += fmt.Sprintf(" (env:(%s) OR -env:*)", strings.Join(spellings(s.envs[0]), " OR "))
	}
	return query
}

// readers are the steps that make the same reads.
var readers = map[string]string{readMonitor: "monitor", readHistory: "related_events", readAround: "related_events"}

// missing says for people which reads failed, and returns the first error. The steps that
// run beside this one say the same of their own reads, and news leaves those out.
func missing(ctx context.Context, results []enrich.Result) (texts, news []string, first error) {
	for _, r := range results {
		if r.Status != enrich.Failed && r.Status != enrich.TimedOut {
			continue
		}
		text := fmt.Sprintf("Unavailable: %s: %s.", r.Name, fault.Public(r.Err))
		texts, first = append(texts, text), cmp.Or(first, r.Err)
		if !enrich.RunsBeside(ctx, readers[r.Name]) {
			news = append(news, text)
		}
	}
	if len(found[[]datadog.Event](results, readChanges)) == maxEvents {
		text := fmt.Sprintf("Only the newest %d events before the alert were read.", maxEvents)
		texts, news = append(texts, text), append(news, text)
	}
	return texts, news, first
}
