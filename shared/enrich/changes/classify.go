package changes

import (
	"regexp"
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// Kind is what was changed.
type Kind string

// The kinds of change.
const (
	Deploy         Kind = "deploy"         // New software runs.
	Flag           Kind = "flag"           // A feature flag was turned.
	Setting        Kind = "config"         // A setting was changed.
	CI             Kind = "ci"             // Something was merged, built or tested.
	Infrastructure Kind = "infrastructure" // What the software runs on was changed.
	Other          Kind = "other"
)

// sources are the values of the tag "source", which are lower case with
// underscores. A source knows what it sends.
var sources = map[string]Kind{
	"argocd": Deploy, "argo_rollouts": Deploy, "capistrano": Deploy, "codedeploy": Deploy, "deployment": Deploy, "fluxcd": Deploy, "harness": Deploy,
	"heroku": Deploy, "octopus_deploy": Deploy, "spinnaker": Deploy, "vercel": Deploy,
	"configcat": Flag, "flagsmith": Flag, "launchdarkly": Flag, "optimizely": Flag, "split": Flag, "statsig": Flag, "unleash": Flag,
	"consul": Setting, "etcd": Setting, "zookeeper": Setting,
	"azure_devops": CI, "bitbucket": CI, "bitrise": CI, "buildkite": CI, "circleci": CI, "codepipeline": CI, "git": CI, "github": CI, "github_actions": CI,
	"gitlab": CI, "jenkins": CI, "teamcity": CI, "travis_ci": CI,
	"ansible": Infrastructure, "autoscaling": Infrastructure, "chef": Infrastructure, "cloudformation": Infrastructure, "cloudtrail": Infrastructure,
	"puppet": Infrastructure, "pulumi": Infrastructure, "saltstack": Infrastructure, "terraform": Infrastructure,
}

// words tell a kind from what an event says of itself, in this order.
var words = []struct {
	kind Kind
	any  func() *regexp.Regexp
}{
	{Flag, enrich.Pattern(`(?i)\bfeature[ _-]?(flag|toggle)s?\b`)},
	{Deploy, enrich.Pattern(`(?i)\b(re)?deploy(s|ed|ing|ment|ments)?\b|\broll(ed|ing)?[ -]?(out|back)s?\b|\breleas(e|es|ed|ing)\b|\bscaled up replica set\b`)},
	{Setting, enrich.Pattern(`(?i)\b(re)?config(ured|uration|map|s)?\b|\bsettings?\b|\bsecret (was )?rotated\b`)},
	{Infrastructure, enrich.Pattern(`(?i)\bmigrat(e|es|ed|ion|ions|ing)\b|\bupgrad(e|es|ed|ing)\b|\b(re)?scal(ed|ing)\b|\brestart(s|ed|ing)?\b|\breboot(s|ed|ing)?\b` +
		`|\bterraform\b|\bfail(ed )?over\b|\bmaintenance\b|\bpatch(ed|ing)\b`)},
	{CI, enrich.Pattern(`(?i)\bmerged?\b|\bpull request\b|\bpipeline\b|\bbuild\b`)},
	{Other, enrich.Pattern(`(?i)\bchang(e|es|ed|ing)\b|\bupdat(e|es|ed|ing)\b|\btoggled\b`)},
}

// classify tells what an event changed, and whether it is a change at all.
func classify(e datadog.FoundEvent) (Kind, bool) {
	switch e.Change.ResourceType {
	case "feature_flag":
		return Flag, true
	case "configuration":
		return Setting, true
	}
	said := about(e)
	kind, known := sources[sourceOf(e)]
	if known && kind != CI {
		return kind, true
	}
	for _, one := range words {
		if one.any().MatchString(said) {
			// A pipeline that deploys tells of a deploy, and one that does anything else of itself.
			if known && one.kind != Deploy {
				return kind, true
			}
			return one.kind, true
		}
	}
	if known {
		return kind, true
	}
	return Other, e.Category == "change" || e.Status == "user_update"
}

// sourceOf returns the tag "source" in its own form.
func sourceOf(e datadog.FoundEvent) string {
	return strings.ReplaceAll(strings.ToLower(e.Source), " ", "_")
}

// aboutKeys are the tags that say what an event is. A tag such as
// "kube_deployment:checkout" is none: it says where the event was.
var aboutKeys = []string{"event", "event_type", "type", "kind", "category", "action"}

// about returns the words of an event that say what it is. Kubernetes says it in
// the text, under a title that is always the same.
func about(e datadog.FoundEvent) string {
	said := []string{e.Title}
	for _, tag := range e.Tags {
		key, value, hasValue := strings.Cut(tag, ":")
		switch {
		case !hasValue:
			said = append(said, key)
		case slices.Contains(aboutKeys, strings.ToLower(key)):
			said = append(said, value)
		}
	}
	if sourceOf(e) == "kubernetes" {
		said = append(said, e.Text)
	}
	return strings.Join(said, "\n")
}

// whoKeys are the tags in which deploys commonly say who made them.
var whoKeys = []string{"author", "deployed_by", "deployer", "triggered_by", "user", "usr.name", "usr.email", "actor", "committer", "git.commit.author.name", "git.author"}

func who(e datadog.FoundEvent) string {
	if e.Change.Author != "" {
		return e.Change.Author
	}
	for _, key := range whoKeys {
		if value := alert.Tags(e.Tags).Get(key); value != "" {
			return value
		}
	}
	return ""
}
