package provision

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/httpx"
	"boomerang/shared/scope"
)

// Spec describes what a stack has inside Datadog.
type Spec struct {
	Stack string
	// FunctionURL is the webhook's URL, and FormerURL the one before an update.
	FunctionURL, FormerURL string
	WebhookName            string
	// Notify is appended to the messages of our monitors, such as "@slack-sre".
	Notify string
	// Route is the scope of the notification rule that notifies the webhook, and FormerRoute
	// the one before an update. Empty: there is no rule.
	Route, FormerRoute string
	// The names of the queues and functions; empty where there is no stack in AWS.
	Queue, DeadLetterQueue string
	Functions              []string
}

// Tags of everything that setup creates. Boomerang ignores alerts with the first, and
// queries exclude the second.
const (
	ownTag    = alert.SourceTag
	managedBy = "service:boomerang"
)

// variableFor returns the name of the custom variable with a webhook's token. Each
// webhook has its own, so that stacks in one organization do not share a token. A hash
// keeps names apart that become equal in upper case.
func variableFor(webhookName string) string {
	if webhookName == "boomerang" {
		return "BOOMERANG_TOKEN"
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(webhookName))
	if plain := regexp.MustCompile(`^[a-z0-9_]+$`); !plain.MatchString(webhookName) {
		sum := sha256.Sum256([]byte(webhookName))
		name += fmt.Sprintf("_%X", sum[:3])
	}
	return "BOOMERANG_" + name + "_TOKEN"
}

// title is the dashboard's name and the prefix of the monitors' names. It is unique,
// because webhook names are unique in an organization.
func (s Spec) title() string { return "Boomerang (" + s.WebhookName + ")" }

// tags are those of our monitors. Datadog stores tags in lower case.
func (s Spec) tags() []string {
	return []string{ownTag, managedBy, "stack:" + strings.ToLower(s.Stack)}
}

// sameHost reports whether two URLs have the same host. A Function URL has its own.
func sameHost(a, b string) bool {
	return host(a) != "" && host(a) == host(b)
}

// host returns only the host of a URL, because a webhook's URL may contain a password.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// Check returns all problems of a spec.
func (s Spec) Check() error {
	var problems []string
	if problem := httpx.URLProblem(s.FunctionURL); problem != "" {
		problems = append(problems, "the Function URL "+problem)
	}
	// Only these characters keep @webhook-<name> one word.
	if name := regexp.MustCompile(`^[A-Za-z0-9_.-]{0,99}[A-Za-z0-9_]$`); !name.MatchString(s.WebhookName) {
		problems = append(problems, "WebhookName is not a valid webhook name (the part after @webhook-)")
	}
	if _, err := scope.Parse(s.Route); err != nil && s.Route != "" {
		problems = append(problems, "Route is not a scope that Boomerang can evaluate: "+err.Error())
	}
	if s.notifiesItself() {
		problems = append(problems, "Notify mentions this webhook, which cannot report its own failure")
	}
	if len(problems) > 0 {
		return fault.New(fault.Invalid, strings.Join(problems, ", "), nil)
	}
	return nil
}

func (s Spec) notifiesItself() bool {
	mention := regexp.MustCompile(`(?i)@webhook-([A-Za-z0-9_.-]*[A-Za-z0-9_])`)
	return slices.ContainsFunc(mention.FindAllStringSubmatch(s.Notify, -1), func(found []string) bool {
		return strings.EqualFold(found[1], s.WebhookName)
	})
}
