package config

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"boomerang/shared/httpx"
	"boomerang/shared/site"
)

const (
	apiURL      = "DATADOG_API_URL"
	functionURL = "FUNCTION_URL"
	intake      = "INTAKE"
	queueURL    = "REDELIVERY_QUEUE_URL"
)

// variable is the rule of one environment variable.
type variable struct {
	// validate returns the problem with a value, or "". The text follows the variable's
	// name and does not quote the value.
	validate func(value string) string
	// want says what to set the variable to.
	want string
}

var variables = map[string]variable{
	"DATADOG_SECRET_ARN":    {validateSecretID, `the Secrets Manager name or ARN of a secret that holds {"api_key":"…","app_key":"…"}`},
	"WEBHOOK_SECRET_ARN":    {validateSecretID, `the Secrets Manager name or ARN of a secret that holds {"token":"…"}`},
	"DD_SITE":               {validateSite, "one of " + sites()},
	apiURL:                  {httpx.URLProblem, "an https URL with no credentials, query or fragment (http for a loopback address only), or to nothing for the site's own"},
	queueURL:                {validateQueueURL, "the URL of an SQS queue"},
	"FOLLOW_UP_QUEUE_URL":   {validateQueueURL, "the URL of an SQS queue"},
	"DEAD_LETTER_QUEUE_URL": {validateQueueURL, "the URL of an SQS queue"},
	"LEDGER_TABLE":          {validateTable, "the name or ARN of a DynamoDB table"},
	intake:                  {validateIntake, "direct or queue"},
	"ENRICH_BUDGET":         {validateBudget, "a duration with its unit, above zero, such as 5s"},
	"WEBHOOK_NAME":          {validateWebhookName, "the webhook's name in Datadog, which follows @webhook- in a monitor's message"},
	functionURL:             {httpx.URLProblem, "the Function URL of the webhook, an https URL with no credentials, query or fragment"},
	"PLAYBOOKS_FILE":        {func(string) string { return "" }, "the path of a playbook file"},
}

func problem(ok bool, text string) string {
	if ok {
		return ""
	}
	return text
}

func validateSite(value string) string {
	_, err := site.Parse(value)
	return problem(err == nil, "is not a Datadog site")
}

func sites() string {
	var names []string
	for _, s := range site.All() {
		names = append(names, s.String())
	}
	return strings.Join(names, ", ")
}

func validateIntake(value string) string {
	return problem(Intake(value) == Direct || Intake(value) == Queue, "is not an intake")
}

func validateBudget(value string) string {
	d, err := time.ParseDuration(value)
	return cmp.Or(problem(err == nil, "is not a duration"), problem(d > 0, "is not above zero"))
}

// The characters that values consist of. Regular expressions would take 0.15 ms of
// every cold start to compile.
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

// consistsOf checks a value's length and characters.
func consistsOf(characters, value string, minLen, maxLen int) bool {
	return len(value) >= minLen && len(value) <= maxLen && strings.Trim(value, characters) == ""
}

// nameInARN returns a resource's name, or "" if arn is not the ARN of such a resource
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
func nameInARN(arn, service, kind string) string {
	const id = lower + digits + "-"
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || !consistsOf(id, parts[1], 1, 64) || parts[2] != service ||
		!consistsOf(id, parts[3], 1, 64) || !consistsOf(digits, parts[4], 12, 12) || !strings.HasPrefix(parts[5], kind) {
		return ""
	}
	return parts[5][len(kind):]
}

// validateWebhookName allows what can follow @webhook- in a monitor's message.
func validateWebhookName(value string) string {
	return problem(consistsOf(word+".-", value, 1, 100) && consistsOf(word, value[len(value)-1:], 1, 1), "is not a webhook name")
}

func validateSecretID(value string) string {
	return problem(consistsOf(secretName, value, 1, 512) || consistsOf(secretName, nameInARN(value, "secretsmanager", "secret:"), 1, 519),
		"is neither the name nor the ARN of a secret")
}

func validateTable(value string) string {
	return problem(consistsOf(tableName, value, 3, 255) || consistsOf(tableName, nameInARN(value, "dynamodb", "table/"), 3, 255),
		"is neither the name nor the ARN of a table")
}

func validateQueueURL(value string) string {
	u, err := url.Parse(value)
	return problem(err == nil && u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http"), "is not an http or https URL")
}
