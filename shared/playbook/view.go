package playbook

import (
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// View is an alert as expressions and templates see it, by the names that
// playbooks use. Every name is always there, absent ones with their zero value,
// so that no expression fails over an alert that says little. It holds texts,
// numbers, truths, lists and maps, and nothing that could run; all of it together
// is bounded, whatever the alert held. Times are texts, RFC 3339 in UTC.
func View(a alert.Alert) map[string]any {
	p := plain{left: maxViewBytes}
	tags := p.tags(a.Tags)
	return map[string]any{
		"id":               p.text(a.ID),
		"monitor_id":       p.text(a.MonitorID),
		"cycle_key":        p.text(a.CycleKey),
		"aggreg_key":       p.text(a.AggregKey),
		"title":            p.text(a.Title),
		"alert_title":      p.text(a.AlertTitle),
		"message":          p.text(a.Message),
		"text":             p.text(a.Text),
		"status":           p.text(a.Status),
		"transition":       p.text(string(a.Transition)),
		"recovered":        a.Transition.IsRecovery(),
		"type":             p.text(a.Type),
		"priority":         p.text(a.Priority),
		"event_priority":   p.text(a.EventPriority),
		"event_type":       p.text(a.EventType),
		"metric":           p.text(a.Metric),
		"metric_namespace": p.text(a.MetricNamespace),
		"query":            p.text(a.Query),
		"scope":            p.text(a.Scope),
		"host":             p.text(a.Hostname),
		"tags":             tags.Map(),
		"tag_list":         []string(tags),
		"link":             p.text(a.Link),
		"snapshot":         p.text(a.Snapshot),
		"date":             timeText(a.Date),
		"last_updated":     timeText(a.LastUpdated),
		"org_id":           p.text(a.OrgID),
		"org_name":         p.text(a.OrgName),
		"email":            p.text(a.Email),
		"user":             p.text(a.User),
		"username":         p.text(a.Username),
		"test":             a.Test,
		"logs_sample":      p.of(a.LogsSample),
		"incident":         p.of(a.Incident),
		"security":         p.of(a.Security),
		"synthetics":       p.of(a.Synthetics),
		"extra":            p.of(a.Extra),
	}
}

func (p *plain) tags(all alert.Tags) alert.Tags {
	tags := make(alert.Tags, 0, min(len(all), maxListed))
	for _, tag := range all[:cap(tags)] {
		tags = append(tags, p.text(tag))
	}
	return tags
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// stepView is an earlier step as later ones see it: the fields of its Data, all
// of them even when it found nothing, and whether it found something.
func stepView(zero map[string]any, r enrich.Result) map[string]any {
	view := make(map[string]any, len(zero)+1)
	for name, value := range zero {
		view[name] = value
	}
	if r.Status == enrich.OK {
		p := plain{left: maxViewBytes}
		found, _ := p.of(r.Finding.Data).(map[string]any)
		for name, value := range found {
			view[name] = value
		}
	}
	view["ok"] = r.Status == enrich.OK
	return view
}
