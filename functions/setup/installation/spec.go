package installation

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

// Spec says what a stack is to have inside Datadog.
type Spec struct {
	Stack string
	// FunctionURL is what the webhook calls.
	FunctionURL string
	// FormerURL is what this stack's webhook called before; empty for a new stack.
	FormerURL   string
	WebhookName string
	// Notify is put into the messages of our monitors, such as "@slack-sre".
	Notify string
	// Queue and DeadLetterQueue are the names of the queues, Functions those of the
	// functions. Whoever has none, as on a laptop, leaves them empty.
	Queue, DeadLetterQueue string
	Functions              []string
}

// Tags of what setup made. The bare one makes Boomerang ignore our monitors' alerts,
// should anybody send them to it; the other lets queries leave them out.
const (
	bare = alert.SourceTag
	ours = "service:boomerang"
)

// VariableFor returns the name of the custom variable that holds the token of a
// webhook. Each webhook has one of its own, so that the stacks of an organisation do
// not overwrite each other's token, and all begin so that none is somebody else's. A
// name that loses something by becoming a variable's gets a part of its hash, since it
// could otherwise be the same as another's.
func VariableFor(webhookName string) string {
	if webhookName == "boomerang" {
		return "BOOMERANG_TOKEN"
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(webhookName))
	// Only such a name is held whole by a variable's.
	if plain := regexp.MustCompile(`^[a-z0-9_]+$`); !plain.MatchString(webhookName) {
		sum := sha256.Sum256([]byte(webhookName))
		name += fmt.Sprintf("_%X", sum[:3])
	}
	return "BOOMERANG_" + name + "_TOKEN"
}

// title is the name of the dashboard, and the beginning of the monitors' names. No
// two stacks of an organisation have one webhook, so no two have one title.
func (s Spec) title() string { return "Boomerang (" + s.WebhookName + ")" }

// tags are those of our monitors, in the lower case in which Datadog keeps them.
func (s Spec) tags() []string {
	return []string{bare, ours, "stack:" + strings.ToLower(s.Stack)}
}

// sameAddress reports whether two URLs are of one host, which a Function URL has to
// itself. A user, a password and a slash at the end do not count.
func sameAddress(a, b string) bool {
	return a != "" && b != "" && host(a) != "" && host(a) == host(b)
}

// host returns the host of an address and nothing else of it, since the addresses of
// webhooks may hold passwords.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// Check says what of a spec cannot work, before anything is made of it.
func (s Spec) Check() error {
	u, err := url.Parse(s.FunctionURL)
	var problems []string
	switch {
	case err != nil || u.Hostname() == "":
		problems = append(problems, "the Function URL is no URL")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		problems = append(problems, "the Function URL is not https")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		problems = append(problems, "the Function URL holds a user, a query or a fragment")
	}
	// Nothing else can follow @webhook- in a text and still be one word.
	if name := regexp.MustCompile(`^[A-Za-z0-9_.-]{0,99}[A-Za-z0-9_]$`); !name.MatchString(s.WebhookName) {
		problems = append(problems, "WebhookName is no webhook's name, which is what follows @webhook-")
	}
	if s.notifiesItself() {
		problems = append(problems, "Notify names this very webhook, which cannot report its own failure")
	}
	if len(problems) > 0 {
		return fault.New(fault.Invalid, strings.Join(problems, ", "), nil)
	}
	return nil
}

func (s Spec) notifiesItself() bool {
	handle := regexp.MustCompile(`(?i)@webhook-([A-Za-z0-9_.-]*[A-Za-z0-9_])`)
	return slices.ContainsFunc(handle.FindAllStringSubmatch(s.Notify, -1), func(found []string) bool {
		return strings.EqualFold(found[1], s.WebhookName)
	})
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || strings.EqualFold(host, "localhost")
}
