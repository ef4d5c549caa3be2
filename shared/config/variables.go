package config

import (
	"net/netip"
	"net/url"
	"strings"
	"time"

	"boomerang/shared/site"
)

const (
	apiURL   = "DATADOG_API_URL"
	queueURL = "REDELIVERY_QUEUE_URL"
	intake   = "INTAKE"

	deadLetterURL = "DEAD_LETTER_QUEUE_URL"
	functionURL   = "FUNCTION_URL"
)

// variable is the rule of one environment variable.
type variable struct {
	// wrong says what is wrong with a value, in words that follow the variable's
	// name and quote nothing of it; "" when nothing is.
	wrong func(value string) string
	// set says what to set the variable to.
	set string
}

var variables = map[string]variable{
	"DATADOG_SECRET_ARN": {wrongSecretID, `the Secrets Manager name or ARN of a secret that holds {"api_key":"…","app_key":"…"}`},
	"WEBHOOK_SECRET_ARN": {wrongSecretID, `the Secrets Manager name or ARN of a secret that holds {"token":"…"}`},
	"DD_SITE":            {wrongSite, "one of " + sites()},
	apiURL:               {wrongAPIURL, "an https URL with no credentials, query or fragment (http for a loopback address only), or to nothing for the site's own"},
	queueURL:             {wrongQueueURL, "the URL of an SQS queue"},
	deadLetterURL:        {wrongQueueURL, "the URL of an SQS queue"},
	"LEDGER_TABLE":       {wrongTable, "the name or ARN of a DynamoDB table"},
	intake:               {wrongIntake, "direct or queue"},
	"ENRICH_BUDGET":      {wrongBudget, "a duration with its unit, above zero, such as 5s"},
	"WEBHOOK_NAME":       {wrongWebhookName, "the webhook's name in Datadog, which follows @webhook- in a monitor's message"},
	functionURL:          {wrongAPIURL, "the Function URL of the webhook, an https URL with no credentials, query or fragment"},
	"PLAYBOOKS_FILE":     {anything, "the path of a playbook file"},
}

func anything(string) string { return "" }

func wrongSite(value string) string {
	if _, err := site.Parse(value); err != nil {
		return "is not a Datadog site"
	}
	return ""
}

func sites() string {
	var names []string
	for _, s := range site.All() {
		names = append(names, s.String())
	}
	return strings.Join(names, ", ")
}

func wrongIntake(value string) string {
	if i := Intake(value); i != Direct && i != Queue {
		return "is neither of the two intakes"
	}
	return ""
}

func wrongBudget(value string) string {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return "is not a duration"
	case d <= 0:
		return "is not above zero"
	}
	return ""
}

// The characters that values are made of. Regular expressions would say the same,
// and take 0.15 ms of every cold start to compile.
const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
	word   = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + digits + "_"

	// What Secrets Manager allows in a name; the exclamation mark is for secrets
	// that AWS services own
	// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html).
	secretName = word + "/+=.@!-"

	// What DynamoDB allows in a table's name
	// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html).
	tableName = word + ".-"
)

// isOf reports whether a value has so many characters, all of them among these.
func isOf(characters, value string, least, most int) bool {
	return len(value) >= least && len(value) <= most && strings.Trim(value, characters) == ""
}

// nameIn returns the name of a resource in its ARN, or "" when it is no ARN of one
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
func nameIn(arn, service, kind string) string {
	const id = lower + digits + "-"
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || !isOf(id, parts[1], 1, 64) || parts[2] != service ||
		!isOf(id, parts[3], 1, 64) || !isOf(digits, parts[4], 12, 12) || !strings.HasPrefix(parts[5], kind) {
		return ""
	}
	return parts[5][len(kind):]
}

// wrongWebhookName lets pass what can follow @webhook- in a text and still be one word.
func wrongWebhookName(value string) string {
	if isOf(word+".-", value, 1, 100) && isOf(word, value[len(value)-1:], 1, 1) {
		return ""
	}
	return "is no webhook's name"
}

func wrongSecretID(value string) string {
	if isOf(secretName, value, 1, 512) || isOf(secretName, nameIn(value, "secretsmanager", "secret:"), 1, 519) {
		return ""
	}
	return "is neither the name nor the ARN of a secret"
}

func wrongTable(value string) string {
	if isOf(tableName, value, 3, 255) || isOf(tableName, nameIn(value, "dynamodb", "table/"), 3, 255) {
		return ""
	}
	return "is neither the name nor the ARN of a table"
}

func wrongQueueURL(value string) string {
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "is not an http or https URL"
	}
	return ""
}

// wrongAPIURL keeps the keys, which go with every request, from travelling in
// the clear and from being sent to where a typing error points.
func wrongAPIURL(value string) string {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "is not an http or https URL"
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return "is plain http to another machine"
	case u.User != nil:
		return "carries credentials"
	case strings.ContainsAny(value, "?#"):
		return "has a query or a fragment"
	}
	return ""
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || strings.EqualFold(host, "localhost")
}
