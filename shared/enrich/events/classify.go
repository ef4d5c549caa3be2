package events

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

// Kind is what an event is about.
type Kind string

// The kinds of event.
const (
	Alert          Kind = "alert"          // A monitor's.
	Deploy         Kind = "deploy"         // New software.
	Flag           Kind = "flag"           // A feature flag.
	Setting        Kind = "config"         // Configuration.
	CI             Kind = "ci"             // A merge, build or test.
	Infrastructure Kind = "infrastructure" // What the software runs on.
	OtherChange    Kind = "change"         // Any other change.
	Other          Kind = "other"          // Not a change.
)

func (k Kind) IsChange() bool { return k != Alert && k != Other }

// sources are the kinds by the tag "source", in lower case with underscores.
var sources = map[string]Kind{
	"alert": Alert, "monitor_alert": Alert, "watchdog": Alert,

	"argo_rollouts": Deploy, "argocd": Deploy, "capistrano": Deploy, "codedeploy": Deploy, "deployment": Deploy, "fluxcd": Deploy,
	"harness": Deploy, "heroku": Deploy, "octopus_deploy": Deploy, "spinnaker": Deploy, "vercel": Deploy,

	"configcat": Flag, "flagsmith": Flag, "launchdarkly": Flag, "optimizely": Flag, "split": Flag, "statsig": Flag, "unleash": Flag,

	"consul": Setting, "etcd": Setting, "zookeeper": Setting,

	"azure_devops": CI, "bitbucket": CI, "bitrise": CI, "buildkite": CI, "circleci": CI, "codepipeline": CI, "git": CI, "github": CI,
	"github_actions": CI, "gitlab": CI, "jenkins": CI, "teamcity": CI, "travis_ci": CI,

	"ansible": Infrastructure, "autoscaling": Infrastructure, "chef": Infrastructure, "cloudformation": Infrastructure,
	"cloudtrail": Infrastructure, "pulumi": Infrastructure, "puppet": Infrastructure, "saltstack": Infrastructure, "terraform": Infrastructure,

	"audit_trail": OtherChange, "change_tracking": OtherChange,
}

// keywords are the kinds by an event's text. The first match counts.
var keywords = []struct {
	kind    Kind
	pattern func() *regexp.Regexp
}{
	{Flag, alert.Pattern(`(?i)\bfeature[ _-]?(flag|toggle)s?\b`)},
	{Deploy, alert.Pattern(`(?i)\b(re)?deploy(s|ed|ing|ment|ments)?\b|\broll(ed|ing)?[ -]?(out|back)s?\b|\breleas(e|es|ed|ing)\b|\bscaled up replica set\b`)},
	{Setting, alert.Pattern(`(?i)\b(re)?config(ured|uration|map|s)?\b|\bsettings?\b|\bsecret (was )?rotated\b`)},
	{Infrastructure, alert.Pattern(`(?i)\bmigrat(e|es|ed|ion|ions|ing)\b|\bupgrad(e|es|ed|ing)\b|\b(re)?scal(ed|ing)\b|\brestart(s|ed|ing)?\b|\breboot(s|ed|ing)?\b` +
		`|\bterraform\b|\bfail(ed )?over\b|\bmaintenance\b|\bpatch(ed|ing)\b`)},
	{CI, alert.Pattern(`(?i)\bmerged?\b|\bpull request\b|\bpipeline\b|\bbuild\b`)},
	{OtherChange, alert.Pattern(`(?i)\bchang(e|es|ed|ing)\b|\bupdat(e|es|ed|ing)\b|\btoggled\b`)},
}

// Classify returns the kind of an event. Most sources send one kind. For the others
// the text decides.
func Classify(e datadog.Event) Kind {
	if isFromMonitor(e) {
		return Alert
	}
	switch e.Change.ResourceType {
	case "feature_flag":
		return Flag
	case "configuration":
		return Setting
	}
	bySource := sources[Source(e)]
	if bySource != "" && bySource != CI && bySource != OtherChange {
		return bySource
	}
	byText := kindByText(e)
	switch {
	case bySource == CI && byText != Deploy: // A build server can deploy, too.
		return CI
	case byText != "":
		return byText
	case bySource == OtherChange, e.Category == "change", e.AlertType == "user_update":
		return OtherChange
	}
	return Other
}

func kindByText(e datadog.Event) Kind {
	text := classifiedText(e)
	for _, one := range keywords {
		if one.pattern().MatchString(text) {
			return one.kind
		}
	}
	return ""
}

func isFromMonitor(e datadog.Event) bool { return e.MonitorID != 0 || e.Category == "alert" }

// Source returns the source in the form of the tag "source".
func Source(e datadog.Event) string {
	return strings.ReplaceAll(strings.ToLower(cmp.Or(alert.Tags(e.Tags).Get("source"), e.Source)), " ", "_")
}

// kindTags say what an event is. A tag such as "kube_deployment:checkout" does not: it
// says where the event was.
var kindTags = []string{"event", "event_type", "type", "kind", "category", "action"}

// classifiedText is the title and the tags that say what an event is. Kubernetes says
// it in the text, under a fixed title.
func classifiedText(e datadog.Event) string {
	texts := []string{e.Title}
	for _, tag := range e.Tags {
		key, value, hasValue := strings.Cut(tag, ":")
		switch {
		case !hasValue:
			texts = append(texts, key)
		case slices.Contains(kindTags, strings.ToLower(key)):
			texts = append(texts, value)
		}
	}
	if Source(e) == "kubernetes" {
		texts = append(texts, e.Text)
	}
	return strings.Join(texts, "\n")
}
