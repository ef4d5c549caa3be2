package config

import (
	"cmp"
	"net/url"
	"regexp"
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

// validateWebhookName allows what can follow @webhook- in a monitor's message.
func validateWebhookName(value string) string {
	return problem(regexp.MustCompile(`^[\w.-]{0,99}\w$`).MatchString(value), "is not a webhook name")
}

// validateSecretID allows what Secrets Manager does; the exclamation mark is for secrets that
// AWS services own
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html).
func validateSecretID(value string) string {
	n := nameLength(value, "secretsmanager", "secret:", `\w/+=.@!-`)
	most := 512
	if strings.HasPrefix(value, "arn:") {
		most += len("-abcdef") // Secrets Manager adds as many random characters to the name.
	}
	return problem(n > 0 && n <= most, "is neither the name nor the ARN of a secret")
}

// validateTable allows what DynamoDB does
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html).
func validateTable(value string) string {
	n := nameLength(value, "dynamodb", "table/", `\w.-`)
	return problem(n >= 3 && n <= 255, "is neither the name nor the ARN of a table")
}

// nameLength returns the length of a resource's name, which may be in its ARN, and 0 for any
// other value (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
func nameLength(value, service, kind, characters string) int {
	const most = 64 // characters of a partition or a region; as a number in the pattern it would slow down the start
	pattern := regexp.MustCompile(`^(?:arn:([a-z0-9-]+):` + service + `:([a-z0-9-]+):\d{12}:` + kind + `)?([` + characters + `]+)$`)
	if found := pattern.FindStringSubmatch(value); found != nil && len(found[1]) <= most && len(found[2]) <= most {
		return len(found[3])
	}
	return 0
}

func validateQueueURL(value string) string {
	u, err := url.Parse(value)
	return problem(err == nil && u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http"), "is not an http or https URL")
}
