package monitor

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

// leads are the step's lines of the first screen.
func leads(a alert.Alert, d Data, what string, own Group, pages enrich.Links) (all []enrich.Lead) {
	add := func(lead enrich.Lead) {
		if lead, _ = enrich.NewLead(lead); lead.Text != "" || !lead.Time.IsZero() {
			all = append(all, lead)
		}
	}
	add(enrich.Lead{Answer: enrich.What, Text: d.difference(a)})
	add(enrich.Lead{Answer: enrich.What, Text: what})
	if began(a, own) {
		add(enrich.Lead{Answer: enrich.Since, Time: own.Since})
	}
	add(enrich.Lead{Answer: enrich.Owner, Text: owner(a, d), Fallback: true})
	if len(pages) > 0 && pages[0].Kind == kindRunbook {
		add(enrich.Lead{Answer: enrich.Runbook, Text: pages[0].Title, URL: pages[0].URL})
	}
	add(enrich.Lead{Answer: enrich.Monitor, Text: "Monitor " + strconv.FormatInt(d.ID, 10), URL: pageAt(a, d, own)})
	return all
}

// began reports whether the group's state says since when it fails. One after the alert, which
// a later alert changed, does not.
func began(a alert.Alert, own Group) bool {
	return isFailing(own.State) && !own.Since.IsZero() && (a.Date.IsZero() || !own.Since.After(a.Date))
}

// owner is the team of the monitor of an alert that names no owner itself.
func owner(a alert.Alert, d Data) string {
	if a.Tags.Get("team") != "" || a.Tags.Get("owner") != "" {
		return ""
	}
	return strings.Join(alert.Tags(d.Tags).All("team"), ", ")
}

// what says how many groups fail, which parts of a composite do, and the thresholds, unless
// the alert's status sentence has the one that counts.
func (d Data) what(failing, thresholds string) string {
	var texts []string
	if failing != "" {
		texts = append(texts, failing)
	}
	for _, part := range d.Parts {
		texts = append(texts, part.title()+": "+part.state())
	}
	if thresholds != "" {
		texts = append(texts, thresholds)
	}
	return strings.Join(texts, "; ")
}

// states are those that a monitor, or its group, has after a notification.
var states = map[alert.Transition]string{
	alert.Triggered: "Alert", alert.ReTriggered: "Alert", alert.Warn: "Warn", alert.ReWarn: "Warn",
	alert.NoData: "No Data", alert.ReNoData: "No Data", alert.Recovered: "OK", alert.WarnRecovered: "OK",
}

// state is what Datadog says of the group that alerted. The state of a monitor with several
// groups says nothing of one of them.
func (d Data) state() string {
	if d.GroupState == "" && d.Total <= 1 {
		return d.State
	}
	return d.GroupState
}

// difference says where Datadog's monitor and the alert contradict each other: "Datadog now
// says Alert and P2; the alert said No Data and P3".
func (d Data) difference(a alert.Alert) string {
	var now, then []string
	if said := states[a.Transition]; said != "" && d.state() != "" && d.state() != said {
		now, then = append(now, d.state()), append(then, said)
	}
	if a.Priority != "" && d.Priority != "" && a.Priority != d.Priority {
		now, then = append(now, d.Priority), append(then, a.Priority)
	}
	if len(now) == 0 {
		return ""
	}
	return fmt.Sprintf("Datadog now says %s; the alert said %s", strings.Join(now, " and "), strings.Join(then, " and "))
}

var comparison = alert.Pattern(`(>=|<=|==|!=|>|<)\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?\s*$`)

// Thresholds by Datadog's names, the most severe first.
var (
	shownFirst = []string{"critical", "warning"}
	shownLater = []string{"critical_recovery", "warning_recovery", "ok", "unknown"}
)

// thresholdSummary has the query's comparison: "critical > 0.8, warning > 0.6".
func (d Data) thresholdSummary(names []string) string {
	operator := ""
	if part := comparison().FindStringSubmatch(d.Query); part != nil {
		operator = part[1] + " "
	}
	var texts []string
	for _, name := range names {
		value, ok := d.Thresholds[name]
		if !ok {
			continue
		}
		text := strings.ReplaceAll(name, "_", " ") + " "
		if slices.Contains(shownFirst, name) {
			text += operator
		}
		texts = append(texts, text+strconv.FormatFloat(value, 'f', -1, 64))
	}
	return strings.Join(texts, ", ")
}

// Before and after the alert on the monitor's page.
const (
	pageBefore = time.Hour
	pageAfter  = 15 * time.Minute
)

// pageAt is the monitor's page at the time of the alert, with the group that alerted.
func pageAt(a alert.Alert, d Data, own Group) string {
	values := url.Values{}
	if !a.Date.IsZero() {
		values.Set("from_ts", strconv.FormatInt(a.Date.Add(-pageBefore).UnixMilli(), 10))
		values.Set("to_ts", strconv.FormatInt(a.Date.Add(pageAfter).UnixMilli(), 10))
	}
	if own.Name != "" && own.Name != wholeMonitor {
		values.Set("group", own.Name)
	}
	if len(values) == 0 {
		return d.URL
	}
	return d.URL + "?" + values.Encode()
}
