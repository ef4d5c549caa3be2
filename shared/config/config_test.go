package config

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
	"boomerang/shared/site"
)

const (
	keysARN  = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:boomerang/datadog-AbCdEf"
	tokenARN = "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:boomerang/webhook-AbCdEf"
	queue    = "https://sqs.eu-west-1.amazonaws.com/123456789012/boomerang"
)

// minimal is the least that every function starts with.
func minimal() map[string]string {
	return map[string]string{
		"DATADOG_SECRET_ARN": keysARN, "WEBHOOK_SECRET_ARN": tokenARN, "REDELIVERY_QUEUE_URL": queue, "LEDGER_TABLE": "boomerang",
	}
}

func with(environ map[string]string, pairs ...string) map[string]string {
	out := maps.Clone(environ)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

func TestLoad_Webhook(t *testing.T) {
	required := map[string]string{"DATADOG_SECRET_ARN": "boomerang/datadog", "WEBHOOK_SECRET_ARN": "boomerang/webhook"}
	defaults := Webhook{
		Pipeline: Pipeline{
			Datadog:      Datadog{DatadogSecretARN: "boomerang/datadog", Site: site.US1},
			EnrichBudget: 5 * time.Second,
			WebhookName:  "boomerang",
		},
		WebhookSecretARN: "boomerang/webhook",
		Intake:           Direct,
	}
	empty := with(required, "DD_SITE", "", "DATADOG_API_URL", "", "REDELIVERY_QUEUE_URL", " ", "LEDGER_TABLE", "\t",
		"INTAKE", "", "ENRICH_BUDGET", "\n", "PLAYBOOKS_FILE", "", "WEBHOOK_NAME", "")
	for name, tt := range map[string]struct {
		environ map[string]string
		want    Webhook
	}{
		"defaults":     {required, defaults},
		"empty values": {empty, defaults},
		"all values, trimmed": {map[string]string{
			"DATADOG_SECRET_ARN": " " + keysARN + "\n", "WEBHOOK_SECRET_ARN": "\t" + tokenARN, "DD_SITE": " us5.datadoghq.com ",
			"DATADOG_API_URL": " http://127.0.0.1:8080/ ", "REDELIVERY_QUEUE_URL": queue + "\n", "LEDGER_TABLE": " boomerang",
			"INTAKE": "queue ", "ENRICH_BUDGET": " 2500ms", "PLAYBOOKS_FILE": " /opt/play books.yaml ", "WEBHOOK_NAME": " Shop.api-2\n", "HOME": "/root",
		}, Webhook{
			Pipeline: Pipeline{
				Datadog:            Datadog{DatadogSecretARN: keysARN, Site: site.US5, APIURL: "http://127.0.0.1:8080"},
				RedeliveryQueueURL: queue, LedgerTable: "boomerang", EnrichBudget: 2500 * time.Millisecond, PlaybooksFile: "/opt/play books.yaml",
				WebhookName: "Shop.api-2",
			},
			WebhookSecretARN: tokenARN,
			Intake:           Queue,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Load[Webhook](tt.environ)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v, -want +got\n%s", err, diff)
			}
		})
	}
}

func TestLoad_OnlyGivenEnvironment(t *testing.T) {
	for name, value := range minimal() {
		t.Setenv(name, value)
	}
	if got, err := Load[Webhook](nil); err == nil {
		t.Errorf("got %+v, want an error", got)
	}
}

// problemsOf returns the variables that the error of Load names.
func problemsOf[F Function](t *testing.T, environ map[string]string) []string {
	t.Helper()
	got, err := Load[F](environ)
	if err == nil {
		return nil
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Invalid {
		t.Fatalf("got %v, want a *fault.Error of kind Invalid", err)
	}
	if want := *new(F); !cmp.Equal(want, got) {
		t.Errorf("part of the environment comes with the error: %+v", got)
	}
	var names []string
	for _, field := range f.Fields {
		names = append(names, field.Name)
		if !strings.Contains(f.Public, "\n  "+field.Name+" "+field.Problem) || strings.Contains(field.Problem, "\n") {
			t.Errorf("%s has no line in\n%s", field.Name, f.Public)
		}
		if !strings.Contains(field.Problem, ": set it to ") {
			t.Errorf("%s does not say what to set: %s", field.Name, field.Problem)
		}
	}
	return names
}

func TestLoad_Required(t *testing.T) {
	noQueue := with(minimal(), "INTAKE", "queue", "REDELIVERY_QUEUE_URL", "")
	for name, tt := range map[string]struct{ got, want []string }{
		"webhook":                     {problemsOf[Webhook](t, nil), []string{"DATADOG_SECRET_ARN", "WEBHOOK_SECRET_ARN"}},
		"redeliver":                   {problemsOf[Redeliver](t, nil), []string{"DATADOG_SECRET_ARN"}},
		"reconcile":                   {problemsOf[Reconcile](t, nil), []string{"DATADOG_SECRET_ARN", "REDELIVERY_QUEUE_URL", "LEDGER_TABLE"}},
		"redrive":                     {problemsOf[Redrive](t, nil), []string{"REDELIVERY_QUEUE_URL", "DEAD_LETTER_QUEUE_URL"}},
		"setup":                       {problemsOf[Setup](t, nil), []string{"DATADOG_SECRET_ARN", "WEBHOOK_SECRET_ARN"}},
		"drill":                       {problemsOf[Drill](t, nil), []string{"DATADOG_SECRET_ARN", "WEBHOOK_SECRET_ARN", "FUNCTION_URL"}},
		"queue of the webhook":        {problemsOf[Webhook](t, noQueue), []string{"REDELIVERY_QUEUE_URL"}},
		"redeliver without an intake": {problemsOf[Redeliver](t, noQueue), nil},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestLoad_AllProblems(t *testing.T) {
	_, err := Load[Webhook](map[string]string{
		"WEBHOOK_SECRET_ARN": `{"token":"s3cr3t"}`, "DD_SITE": "datadoghq.co", "DATADOG_API_URL": "https://user:s3cr3t@api.datadoghq.com",
		"LEDGER_TABLE": "a b", "INTAKE": "queue", "ENRICH_BUDGET": "5",
	})
	want := `Boomerang cannot start with this environment:
  DATADOG_SECRET_ARN is not set: set it to the Secrets Manager name or ARN of a secret that holds {"api_key":"…","app_key":"…"}
  DD_SITE is not a Datadog site: set it to one of datadoghq.com, us3.datadoghq.com, us5.datadoghq.com, datadoghq.eu, ap1.datadoghq.com, ap2.datadoghq.com, uk1.datadoghq.com, ddog-gov.com, us2.ddog-gov.com
  DATADOG_API_URL contains credentials: set it to an https URL with no credentials, query or fragment (http for a loopback address only), or to nothing for the site's own
  REDELIVERY_QUEUE_URL is not set, and INTAKE=queue needs it: set it to the URL of an SQS queue
  LEDGER_TABLE is neither the name nor the ARN of a table: set it to the name or ARN of a DynamoDB table
  ENRICH_BUDGET is not a duration: set it to a duration with its unit, above zero, such as 5s
  WEBHOOK_SECRET_ARN is neither the name nor the ARN of a secret: set it to the Secrets Manager name or ARN of a secret that holds {"token":"…"}`
	if err == nil {
		t.Fatal("want an error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestLoad_Values(t *testing.T) {
	tests := []struct {
		name      string
		good, bad []string
	}{
		{name: "DD_SITE", good: []string{
			"datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", "ap1.datadoghq.com", "ap2.datadoghq.com",
			"uk1.datadoghq.com", "ddog-gov.com", "us2.ddog-gov.com",
		}, bad: []string{"us1", "app.datadoghq.com", "https://datadoghq.com", "DatadogHQ.com", "datadoghq.com.", "evil.example"}},
		{name: "DATADOG_API_URL", good: []string{
			"https://api.datadoghq.com", "https://proxy.example:8443/datadog", "http://localhost", "http://LOCALHOST:80", "http://127.0.0.1:8080",
			"http://127.255.0.9", "http://[::1]:8080/", "HTTPS://api.datadoghq.eu",
		}, bad: []string{
			"api.datadoghq.com", "//api.datadoghq.com", "https://", "https:///path", "https:api.datadoghq.com", "https://:8443", "ftp://localhost",
			"http://api.datadoghq.com", "http://128.0.0.1", "http://10.0.0.1", "http://0.0.0.0", "http://[::]", "http://localhost.evil.example",
			"http://127.0.0.1.evil.example", "http://2130706433", "http://0x7f.1", "http://evil.example@localhost", "http://localhost@evil.example",
			"https://user@api.datadoghq.com", "https://user:pass@api.datadoghq.com", "https://@api.datadoghq.com",
			"https://api.datadoghq.com?x=1", "https://api.datadoghq.com/?", "https://api.datadoghq.com#x", "https://api.datadoghq.com/#",
			"https://api.datadoghq.com:port", "https://api datadoghq.com", "https://api.datadoghq.com/%zz",
		}},
		{name: "ENRICH_BUDGET", good: []string{"1ms", "5s", "1.5s", "10s", "1m"}, bad: []string{"0", "0s", "-1s", "5", "5 s", "five", "Inf", "1e3s"}},
		{name: "INTAKE", good: []string{"direct", "queue"}, bad: []string{"Direct", "QUEUE", "sqs", "direct,queue"}},
		{
			name: "REDELIVERY_QUEUE_URL", good: []string{queue, "http://127.0.0.1:5000/123456789012/q", "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q.fifo"},
			bad: []string{"boomerang", "arn:aws:sqs:eu-west-1:123456789012:boomerang", "sqs.eu-west-1.amazonaws.com/1/q", "https://", "ftp://a/b"},
		},
		{name: "FOLLOW_UP_QUEUE_URL", good: []string{queue}, bad: []string{"boomerang", "ftp://a/b"}},
		{
			name: "LEDGER_TABLE", good: []string{"abc", "Boomerang_ledger-1.0", "arn:aws:dynamodb:eu-west-1:123456789012:table/boomerang"},
			bad: []string{
				"ab", "a b c", "ledger/1", "arn:aws:s3:::bucket", strings.Repeat("a", 256), "arn:" + strings.Repeat("a", 65) + ":dynamodb:eu-west-1:123456789012:table/boomerang",
				"arn:aws:dynamodb:" + strings.Repeat("a", 65) + ":123456789012:table/boomerang",
			},
		},
		{
			name: "DATADOG_SECRET_ARN", good: []string{keysARN, tokenARN, "boomerang/datadog", "a", "rds!cluster-1", "A+b=c.d@e_f"},
			bad: []string{`{"api_key":"a","app_key":"b"}`, "two words", "arn:aws:ssm:eu-west-1:123456789012:parameter/x", "arn:aws:secretsmanager:eu-west-1:1234:secret:x", strings.Repeat("a", 513)},
		},
		{name: "WEBHOOK_SECRET_ARN", good: []string{keysARN, "boomerang/webhook"}, bad: []string{`{"token":"a"}`, "arn:aws:sqs:eu-west-1:123456789012:x"}},
		{name: "PLAYBOOKS_FILE", good: []string{"playbooks.yaml", "/opt/a b.yaml"}},
		{
			name: "WEBHOOK_NAME", good: []string{"boomerang-staging", "A.b_1"},
			bad: []string{"@webhook-boomerang", "two words", "boomerang-", "a/b", strings.Repeat("a", 101)},
		},
	}
	var covered []string
	for _, tt := range tests {
		covered = append(covered, tt.name)
		for _, value := range tt.good {
			t.Run(tt.name+"/valid/"+value, func(t *testing.T) {
				if got := problemsOf[Webhook](t, with(minimal(), tt.name, value)); got != nil {
					t.Errorf("%q is rejected", value)
				}
			})
		}
		for _, value := range tt.bad {
			t.Run(tt.name+"/invalid/"+value, func(t *testing.T) {
				if diff := cmp.Diff([]string{tt.name}, problemsOf[Webhook](t, with(minimal(), tt.name, value))); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(Names[Webhook]())), slices.Sorted(slices.Values(covered))); diff != "" {
		t.Errorf("variables without a test: -names +covered\n%s", diff)
	}
}

func TestLoad_NoValueInError(t *testing.T) {
	const pasted = "s3cr3t pasted?here"
	for _, name := range Names[Webhook]() {
		_, err := Load[Webhook](with(minimal(), name, pasted))
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoad_FunctionURL(t *testing.T) {
	for given, want := range map[string]string{
		"https://abc.lambda-url.eu-west-1.on.aws/": "https://abc.lambda-url.eu-west-1.on.aws",
		"http://127.0.0.1:8787":                    "http://127.0.0.1:8787",
	} {
		if got, err := Load[Drill](with(minimal(), "FUNCTION_URL", given)); err != nil || got.FunctionURL != want {
			t.Errorf("%s: got %q, %v", given, got.FunctionURL, err)
		}
	}
	for _, invalid := range []string{"http://abc.lambda-url.eu-west-1.on.aws/", "https://any:s3cr3t@example.com/", "https://example.com/?token=s3cr3t", "example.com"} {
		if diff := cmp.Diff([]string{"FUNCTION_URL"}, problemsOf[Drill](t, with(minimal(), "FUNCTION_URL", invalid))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", invalid, diff)
		}
	}
}

func TestNames(t *testing.T) {
	used := map[string]bool{}
	for _, variable := range slices.Concat(Names[Webhook](), Names[Redeliver](), Names[Reconcile](), Names[Setup](), Names[Drill](), Names[Redrive]()) {
		used[variable] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(variables)), slices.Sorted(maps.Keys(used))); diff != "" {
		t.Errorf("variables with a rule and variables in use (-rules +used):\n%s", diff)
	}
}

// A secret's name has at most 512 characters, and its ARN 7 more.
func TestLoad_LongSecret(t *testing.T) {
	const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
	name := strings.Repeat("n", 512)
	for value, isValid := range map[string]bool{name: true, name + "n": false, arn + name + "-abcdef": true, arn + name + "-abcdefg": false} {
		_, err := Load[Drill](map[string]string{"DATADOG_SECRET_ARN": value, "WEBHOOK_SECRET_ARN": "w", "FUNCTION_URL": "https://f.example"})
		if (err == nil) != isValid {
			t.Errorf("%d characters: %v", len(value), err)
		}
	}
}
