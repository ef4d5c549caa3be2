package changes

import (
	"strings"

	"boomerang/shared/alert"
)

// The tags that say where the alert is. A change has one of the narrow ones at
// best, so any of them will do; a wide one alone would find half the company's,
// and is asked only where there is no other.
var (
	narrow = []string{
		"service", "host", "kube_deployment", "kube_stateful_set", "kube_daemon_set", "kube_cronjob", "kube_job",
		"functionname", "dbinstanceidentifier",
	}
	wide = []string{"kube_namespace", "kube_cluster_name", "team"}
)

// query returns the search for the alert's changes, empty when the alert says too
// little (https://docs.datadoghq.com/events/explorer/searching/).
func (c Config) query(tags alert.Tags) string {
	query := c.Query
	if query == "" {
		if query = anyOf(tags, narrow); query == "" {
			query = anyOf(tags, wide)
		}
		if query == "" {
			return ""
		}
		// What monitors send fills the search, and is none of it.
		query += " -source:(alert OR monitor_alert OR watchdog)"
	}
	if len(c.Sources) > 0 {
		quoted := make([]string, len(c.Sources))
		for i, source := range c.Sources {
			quoted[i] = quote(source)
		}
		query = "(" + query + ") source:(" + strings.Join(quoted, " OR ") + ")"
	}
	return query
}

func anyOf(tags alert.Tags, keys []string) string {
	var terms []string
	for _, key := range keys {
		if value := tags.Get(key); value != "" {
			terms = append(terms, key+":"+quote(value))
		}
	}
	if len(terms) < 2 {
		return strings.Join(terms, "")
	}
	return "(" + strings.Join(terms, " OR ") + ")"
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// quote makes one value of text, whatever is in it.
func quote(text string) string { return `"` + escape.Replace(text) + `"` }
