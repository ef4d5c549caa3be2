package suspects

import (
	"maps"
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// relation is how the subject of an event relates to the alert.
type relation int

const (
	unrelated  relation = iota
	own                 // The alert's service or resource.
	dependency          // What the service depends on.
	place               // What it runs on, such as its cluster.
)

var (
	// placeKeys are the tags that say where something runs.
	placeKeys = []string{"host", "kube_node", "autoscaling_group", "kube_namespace", "kube_cluster_name", "cluster_name", "availability-zone", "zone", "region", "datacenter"}
	// widePlaces hold so much that an event there alone points to nothing.
	widePlaces = []string{"kube_namespace", "availability-zone", "zone", "region", "datacenter"}
)

// scope is what an event must be about to concern the alert.
type scope struct {
	service   string // The alert's service, or else its resource.
	names     map[string]relation
	places    alert.Tags
	envs      []string // In their usual spelling.
	monitorID int64
}

func newScope(a alert.Alert) scope {
	tags := enrich.Tags(a)
	s := scope{names: map[string]relation{}, envs: environments(tags)}
	if found := queryEnvironment().FindStringSubmatch(a.Query); len(s.envs) == 0 && found != nil {
		s.envs = []string{environment(found[1])}
	}
	s.monitorID, _ = enrich.MonitorID(a.MonitorID)
	names := namesIn(tags)
	if found := queryService().FindStringSubmatch(a.Query); len(names) == 0 && found != nil {
		names = []string{found[1]}
	}
	for _, name := range names {
		if s.service == "" {
			s.service = name
		}
		s.names[s.key(name)] = own
	}
	for _, key := range placeKeys {
		for _, value := range tags.All(key) {
			s.places = append(s.places, key+":"+value)
		}
	}
	return s
}

// withDependencies adds what the service depends on. A read that is late may still use s.
func (s scope) withDependencies(all []datadog.Entity) scope {
	s.names = maps.Clone(s.names)
	for _, one := range all {
		if name := s.key(one.Name); name != "" && s.names[name] == unrelated {
			s.names[name] = dependency
		}
	}
	return s
}

// These find the environment and the service of an alert whose tags have none.
var (
	queryEnvironment = alert.Pattern(`\benv(?:ironment)?:([\w-]+)`)
	queryService     = alert.Pattern(`\bservice:"?([\w.-]+)`)
)

// key is how names are compared: without case, the owner of a repository, and the
// environment that deploy tools add.
func (s scope) key(name string) string {
	name = strings.ToLower(name[strings.LastIndex(name, "/")+1:])
	for _, env := range s.envs {
		name = strings.TrimPrefix(strings.TrimSuffix(name, "-"+env), env+"-")
	}
	return name
}

func namesIn(tags alert.Tags) (names []string) {
	for _, key := range enrich.NameKeys {
		names = append(names, tags.All(key)...)
	}
	return names
}

// relate returns how an event relates to the alert, and by what. An event that names
// only other subjects relates to nothing, even if it has the alert's team or cluster.
func (s scope) relate(e datadog.Event) (relation, string) {
	tags := alert.Tags(e.Tags)
	names := namesIn(tags)
	if e.Service != "" {
		names = append(names, e.Service)
	}
	names = append(names, e.Change.Impacted...)
	if len(names) == 0 {
		names = s.namedBy(tags)
	}
	if s.isElsewhere(tags, e.Title) {
		return unrelated, ""
	}
	best, by := unrelated, ""
	for _, name := range names {
		key := s.key(name)
		r := s.names[key]
		if r == unrelated {
			r = s.names[ordinal().ReplaceAllString(key, "")]
		}
		if r != unrelated && (best == unrelated || r < best) {
			best, by = r, name
		}
	}
	host := s.places.Get("host")
	switch {
	case best != own && host != "" && (e.Host == host || slices.Contains(tags.All("host"), host)):
		return own, host
	case best != unrelated || len(names) > 0:
		return best, by
	}
	for _, tag := range s.places {
		if key, value, _ := strings.Cut(tag, ":"); !slices.Contains(widePlaces, key) && slices.Contains(tags, tag) {
			return place, value
		}
	}
	return unrelated, ""
}

// otherKeys are tags whose values can be a service's name and mean something else.
var otherKeys = append([]string{"team", "owner", "env", "environment", "source", "author", "user", "triggered_by", "branch"}, placeKeys...)

// namedBy returns what an event is about that has none of enrich.NameKeys: integrations have
// keys of their own, whose values are the same names.
func (s scope) namedBy(tags alert.Tags) (names []string) {
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, ":")
		if value != "" && s.names[s.key(value)] != unrelated && !slices.Contains(otherKeys, key) {
			names = append(names, value)
		}
	}
	return names
}

// ordinal is what distinguishes the instances of a database: "orders-db-1".
var ordinal = alert.Pattern(`-[0-9]+$`)

// isElsewhere reports whether an event is of another environment or place than the alert.
func (s scope) isElsewhere(tags alert.Tags, title string) bool {
	envs := environments(tags)
	if len(envs) == 0 {
		envs = environmentIn(title)
	}
	switch {
	case len(envs) == 0:
	case len(s.envs) > 0 && !intersect(envs, s.envs):
		return true
	case len(s.envs) == 0 && !slices.ContainsFunc(envs, func(env string) bool { return !slices.Contains(trials, env) }):
		return true // An alert that does not say where is of production.
	}
	for _, key := range placeKeys {
		here, there := s.places.All(key), tags.All(key)
		if len(here) > 0 && len(there) > 0 && !intersect(here, there) {
			return true
		}
	}
	return false
}

func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(one string) bool { return slices.Contains(b, one) })
}

// environmentNames are the usual names by their other spellings.
var environmentNames = map[string]string{
	"production": "prod", "prd": "prod", "live": "prod", "stage": "staging", "stg": "staging", "development": "dev",
	"load-test": "loadtest", "pre-prod": "preprod", "preproduction": "preprod", "pre-production": "preprod", "testing": "test",
}

// trials are the usual environments besides production.
var trials = []string{"staging", "preprod", "dev", "test", "qa", "uat", "sandbox", "loadtest"}

func environments(tags alert.Tags) (envs []string) {
	for _, key := range []string{"env", "environment"} {
		for _, value := range tags.All(key) {
			envs = append(envs, environment(value))
		}
	}
	return envs
}

func environment(name string) string {
	name = strings.ToLower(name)
	if usual, ok := environmentNames[name]; ok {
		return usual
	}
	return name
}

// spellings returns an environment in all its spellings, for a search.
func spellings(env string) (quoted []string) {
	all := []string{env}
	for name, usual := range environmentNames {
		if usual == env {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	for _, name := range all {
		quoted = append(quoted, enrich.Quote(name))
	}
	return quoted
}

// inEnvironment finds where something was deployed: "Deploy cart to staging succeeded".
var inEnvironment = alert.Pattern(`(?i)\b(?:to|in|on) (prod|prd|production|live|staging|stage|stg|pre-?prod(?:uction)?|dev|development|test|testing|qa|uat|sandbox|load-?test)\b`)

func environmentIn(title string) []string {
	if found := inEnvironment().FindStringSubmatch(title); found != nil {
		return []string{environment(found[1])}
	}
	return nil
}

// shape is a title without the numbers and ids in it, by which repetitions are known.
func shape(title string) string {
	return strings.ToLower(variable().ReplaceAllString(title, "#"))
}

var variable = alert.Pattern(`\S*[0-9]\S*`)

// similar reports whether two titles have most of their words in common.
func similar(one, other map[string]bool) bool {
	common := 0
	for word := range one {
		if other[word] {
			common++
		}
	}
	const most = 0.6
	return float64(common) >= most*float64(len(one)+len(other)-common)
}

var wordPattern = alert.Pattern(`[\pL#_-]+`)

func words(text string) map[string]bool {
	all := map[string]bool{}
	for _, word := range wordPattern().FindAllString(text, -1) {
		all[word] = true
	}
	return all
}

// nothingChanged finds runs of tools that changed nothing, or have not yet.
var nothingChanged = alert.Pattern(`(?i)\b0 to add, 0 to change, 0 to destroy\b|\b0 added, 0 changed, 0 destroyed\b|\bupdated 0 resources\b|\brun planned\b|\bno changes\b|\bdry[ -]run\b|\bwith 0 notifications\b`)

func changedNothing(e datadog.Event) bool {
	return nothingChanged().MatchString(e.Title) || nothingChanged().MatchString(e.Text)
}

// maxMatched is how many bytes of a text are read for what it says of its run.
const maxMatched = 1000
