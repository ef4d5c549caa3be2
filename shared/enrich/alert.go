package enrich

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
)

// Tags returns the tags of the group that alerted, which is the most precise, then
// the alert's other tags, then its host. A payload may lack any of them.
func Tags(a alert.Alert) alert.Tags {
	group := slices.DeleteFunc(a.Scopes(), func(tag string) bool { return !strings.Contains(tag, ":") })
	tags := slices.Concat(group, a.Tags)
	if a.Hostname != "" {
		tags = append(tags, "host:"+a.Hostname)
	}
	return tags
}

// NewTags returns the tags that the alert does not have, without those that start with ignored.
func NewTags(tags []string, a alert.Alert, ignored string) []string {
	known := Tags(a)
	return slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return slices.Contains(known, tag) || strings.HasPrefix(tag, ignored) })
}

var (
	// NameKeys are the tags that name what an alert or an event is about. Deploy tools have their
	// own tags for a service.
	NameKeys = append(slices.Clone(KubernetesNameKeys),
		"helm_release", "repo", "repository", "component", "workload", "functionname", "dbinstanceidentifier", "dbclusteridentifier", "cacheclusterid",
		"queuename", "topicname", "streamname", "tablename", "loadbalancer")
	// KubernetesNameKeys are those of them that Kubernetes has.
	KubernetesNameKeys = []string{
		"service", "app", "application", "kube_deployment", "kube_stateful_set", "kube_daemon_set", "kube_cronjob", "kube_job",
	}
)

// NamesSubject reports whether an alert has a tag that names what it is about, or its host.
func NamesSubject(a alert.Alert) bool {
	tags := Tags(a)
	return tags.Get("host") != "" || slices.ContainsFunc(NameKeys, func(key string) bool { return tags.Get(key) != "" })
}

// maxTagBytes bounds what a step looks up: a tag has at most 200 characters
// (https://docs.datadoghq.com/getting_started/tagging/).
const maxTagBytes = 4 * 200

// Tag returns the first of the keys that the alert has a tag for, and its value. A
// value that the playbook configures comes first and counts as the first key's. The
// error skips the step.
func Tag(a alert.Alert, configured string, keys ...string) (key, value string, err error) {
	tags, problem := Tags(a), "the alert has no "+strings.Join(keys, " or ")+" tag"
	for i, key := range keys {
		value := tags.Get(key)
		if i == 0 {
			value = cmp.Or(strings.TrimSpace(configured), value)
		}
		switch {
		case len(value) > maxTagBytes:
			problem = "the alert's " + key + " tag is longer than Datadog allows"
		case value != "":
			return key, value, nil
		}
	}
	return "", "", Skip(problem)
}

// MonitorID returns the monitor ID in text. The error skips the step.
func MonitorID(text string) (int64, error) {
	id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || id <= 0 {
		return 0, Skip("the alert names no monitor")
	}
	return id, nil
}

// IsGroup returns a function that reports whether a monitor's group is the one that
// alerted. Datadog writes a group as "env:prod,host:a" and the scope of an alert as
// "host:a, env:prod"; the scope also has the tags that the monitor's query filters by. All
// groups of a monitor have the same keys, so no two are in one scope.
func IsGroup(a alert.Alert) func(group string) bool {
	scope := a.Scopes()
	return func(group string) bool {
		tags := alert.Alert{Scope: group}.Scopes()
		return len(tags) > 0 && !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(scope, tag) })
	}
}

// DifferentEnv reports whether something with these tags belongs to other
// environments than env. Without env tags on both sides it may belong to any.
func DifferentEnv(tags alert.Tags, env []string) bool {
	envs := tags.All("env")
	return len(env) > 0 && len(envs) > 0 && !slices.ContainsFunc(envs, func(e string) bool { return slices.Contains(env, e) })
}

// Window returns the time up to the alert, or up to now for an alert without a time.
// It starts and ends with a minute, so that alerts of the same minute share a cached answer.
func Window(a alert.Alert, length time.Duration) (from, to time.Time) {
	to = a.Date
	if to.IsZero() {
		to = time.Now()
	}
	to = to.UTC().Add(time.Minute - time.Nanosecond).Truncate(time.Minute)
	return to.Add(-length), to
}
