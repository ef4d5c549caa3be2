package relatedevents

import (
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// Kind is what an event is about.
type Kind string

// The kinds of event.
const (
	Alert  Kind = "alert"  // A monitor's.
	Deploy Kind = "deploy" // New software.
	Change Kind = "change" // Anything else that somebody or something did to the system.
	Other  Kind = "other"
)

// The sources are the values of the tag "source", which are lower case with
// underscores.
var (
	alertSources  = []string{"alert", "monitor_alert", "watchdog"}
	deploySources = []string{
		"argocd", "argo_rollouts", "capistrano", "codedeploy", "deployment", "fluxcd", "harness", "heroku",
		"octopus_deploy", "spinnaker", "vercel",
	}
	changeSources = []string{
		"ansible", "audit_trail", "azure_devops", "bitbucket", "buildkite", "change_tracking", "chef", "circleci",
		"cloudformation", "cloudtrail", "git", "github", "gitlab", "jenkins", "launchdarkly", "puppet", "saltstack",
		"teamcity", "terraform",
	}
)

// The words are those of titles, and of the values of the tags that say what an
// event is. A tag such as "kube_deployment:checkout" is no such tag: it says
// where the event was.
var (
	deployWords = enrich.Pattern(`(?i)\b(re)?deploy(s|ed|ing|ment|ments)?\b|\broll(ed|ing)?[ -]?(out|back)s?\b|\breleas(e|es|ed|ing)\b|\bscaled up replica set\b`)
	changeWords = enrich.Pattern(`(?i)\b(re)?config(ured|uration|map)?\b|\bfeature[ _-]?flags?\b|\btoggled\b|\bmigrat(e|es|ed|ion|ions|ing)\b` +
		`|\bupgrad(e|es|ed|ing)\b|\bupdat(e|es|ed|ing)\b|\bchang(e|es|ed|ing)\b|\bscal(ed|ing)\b|\brestart(s|ed|ing)?\b|\breboot(s|ed|ing)?\b` +
		`|\bmerged?\b|\bterraform apply\b|\bfail(ed )?over\b|\bmaintenance\b`)
	aboutKeys = []string{"event", "event_type", "type", "kind", "category", "action"}
)

// classify tells an event's kind from its source first, since a source knows
// what it sends, then from its tags and its title.
func classify(e datadog.Event) Kind {
	source := sourceOf(e)
	words := about(e)
	switch {
	case e.MonitorID != 0, slices.Contains(alertSources, source):
		return Alert
	case slices.Contains(deploySources, source), deployWords().MatchString(words):
		return Deploy
	case slices.Contains(changeSources, source), e.AlertType == "user_update", changeWords().MatchString(words):
		return Change
	}
	return Other
}

// sourceOf returns the tag "source", or what Datadog shows for it in its form.
func sourceOf(e datadog.Event) string {
	source := alert.Tags(e.Tags).Get("source")
	if source == "" {
		source = e.Source
	}
	return strings.ReplaceAll(strings.ToLower(source), " ", "_")
}

// about returns the words of an event that say what it is.
func about(e datadog.Event) string {
	words := []string{e.Title}
	for _, tag := range e.Tags {
		key, value, hasValue := strings.Cut(tag, ":")
		switch {
		case !hasValue:
			words = append(words, key)
		case slices.Contains(aboutKeys, strings.ToLower(key)):
			words = append(words, value)
		}
	}
	return strings.Join(words, "\n")
}
