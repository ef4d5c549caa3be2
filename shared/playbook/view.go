package playbook

import (
	"encoding/json"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// View is an alert as expressions and templates see it, by the names that
// playbooks use. Every name is always there, absent ones with their zero value,
// so that no expression fails over an alert that says little. It holds data and
// nothing that could run.
func View(a alert.Alert) map[string]any {
	return map[string]any{
		"id":               a.ID,
		"monitor_id":       a.MonitorID,
		"cycle_key":        a.CycleKey,
		"aggreg_key":       a.AggregKey,
		"title":            a.Title,
		"alert_title":      a.AlertTitle,
		"message":          a.Message,
		"text":             a.Text,
		"status":           a.Status,
		"transition":       string(a.Transition),
		"recovered":        a.Transition.IsRecovery(),
		"type":             a.Type,
		"priority":         a.Priority,
		"event_priority":   a.EventPriority,
		"event_type":       a.EventType,
		"metric":           a.Metric,
		"metric_namespace": a.MetricNamespace,
		"query":            a.Query,
		"scope":            a.Scope,
		"host":             a.Hostname,
		"tags":             a.Tags.Map(),
		"tag_list":         []string(a.Tags),
		"link":             a.Link,
		"snapshot":         a.Snapshot,
		"date":             a.Date,
		"last_updated":     a.LastUpdated,
		"org_id":           a.OrgID,
		"org_name":         a.OrgName,
		"email":            a.Email,
		"user":             a.User,
		"username":         a.Username,
		"test":             a.Test,
		"logs_sample":      data(a.LogsSample),
		"incident":         data(a.Incident),
		"security":         data(a.Security),
		"synthetics":       data(a.Synthetics),
		"extra":            data(a.Extra),
	}
}

// stepView is an earlier step as later ones see it: the fields of its Data, all
// of them even when it found nothing, and how it ended.
func stepView(zero any, r enrich.Result) map[string]any {
	view, _ := data(zero).(map[string]any)
	if view == nil {
		view = map[string]any{}
	}
	if found, ok := data(r.Finding.Data).(map[string]any); ok && r.Status == enrich.OK {
		for name, value := range found {
			view[name] = value
		}
	}
	view["ok"] = r.Status == enrich.OK
	return view
}

// maxListed bounds what a template can walk through, whatever an answer held.
const maxListed = 1000

// data turns a value into what JSON makes of it: text, numbers, lists and maps.
func data(v any) any {
	if v == nil {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(raw, &out) != nil {
		return nil
	}
	return bounded(out)
}

func bounded(v any) any {
	switch v := v.(type) {
	case []any:
		v = v[:min(len(v), maxListed)]
		for i := range v {
			v[i] = bounded(v[i])
		}
		return v
	case map[string]any:
		for name := range v {
			v[name] = bounded(v[name])
		}
	}
	return v
}

var sample = View(alert.Alert{Date: time.Unix(0, 0)})
