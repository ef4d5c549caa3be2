package relatedevents

import (
	"fmt"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

func blocks(r Around, entries []Entry) []enrich.Block {
	all := []enrich.Block{enrich.Facts{{
		Name:  fmt.Sprintf("Around %s, %s to %s", strings.Join(r.Tags, ", "), r.From.Format("15:04"), r.To.Format("15:04 UTC")),
		Value: r.words(),
	}}}
	if len(r.Events) == 0 {
		return all
	}
	list := enrich.List{More: len(entries) - len(r.Events)}
	for _, e := range r.Events {
		text := e.Title
		if e.Times > 1 {
			text += fmt.Sprintf(" (%s)", times(e.Times))
		}
		list.Items = append(list.Items, enrich.Item{Time: e.Time, Tag: string(e.Kind), Text: text, URL: e.URL})
	}
	return append(all, list)
}

// words counts by kind: "1 deploy, 2 other alerts". Where Datadog does not tell all,
// what was not found may be there, and people would look elsewhere for the cause.
func (r Around) words() string {
	var words []string
	for _, one := range []struct {
		n            int
		single, many string
	}{
		{r.Deploys, "deploy", "deploys"},
		{r.Changes, "change", "changes"},
		{r.Alerts, "other alert", "other alerts"},
		{r.Others, "other event", "other events"},
	} {
		switch {
		case one.n == 1:
			words = append(words, "1 "+one.single)
		case one.n > 1:
			words = append(words, fmt.Sprintf("%d %s", one.n, one.many))
		}
	}
	switch {
	case len(words) == 0 && r.AtLeast:
		return fmt.Sprintf("unknown: Datadog lists only the newest %d events, and all of them are of this alert or of another environment", pageSize)
	case len(words) == 0:
		return "nothing else happened"
	case r.AtLeast:
		words[0] = "at least " + words[0]
		if r.Deploys+r.Changes == 0 {
			words = append(words, fmt.Sprintf("and no deploy or change among the newest %d events", pageSize))
		}
	}
	return strings.Join(words, ", ")
}

// title returns an event's title with the version that a deploy's tags name, or
// the first line of its text.
func title(e datadog.Event) string {
	text := strings.TrimSpace(e.Title)
	if text == "" {
		text, _, _ = strings.Cut(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(e.Text), "%%%")), "\n")
	}
	if text == "" {
		text = "event without a title"
	}
	if version := alert.Tags(e.Tags).Get("version"); version != "" && !strings.Contains(text, version) {
		text += " (version " + version + ")"
	}
	return text
}

// missing tells people which half could not be had: "Unknown is how often this
// monitor fired: no answer within 4.8s."
func missing(half enrich.Result) string {
	return fmt.Sprintf("Unknown is %s: %s.", half.Name, fault.Public(half.Err))
}
