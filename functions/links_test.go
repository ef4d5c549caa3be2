package functions_test

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"boomerang/functions/internal/drill"
	"boomerang/functions/internal/e2e"
	"boomerang/shared/pipeline"
)

// linkedByAll is what every function links of ours.
var linkedByAll = []string{
	"shared/alert", "shared/config", "shared/datadog", "shared/enrich:", "shared/event", "shared/fault", "shared/httpx", "shared/jsonvalue",
	"shared/memory", "shared/secret", "shared/site", "shared/telemetry", "functions/internal/runtime",
}

// alertingLinks is what the functions link that take alerts.
var alertingLinks = []string{
	"functions/internal/alerting", "functions/internal/ddlambda", "shared/enrich", "shared/ledger", "shared/pipeline", "shared/playbook:", "shared/queue",
}

// heavy are the libraries that cost a binary megabytes, by the prefix of their packages.
var heavy = map[string]string{
	"tracer":         "gopkg.in/DataDog/",
	"tracer v2":      "github.com/DataDog/dd-trace-go/",
	"lambda library": "github.com/DataDog/datadog-lambda-go",
	"expressions":    "github.com/expr-lang/expr",
	"YAML":           "go.yaml.in/yaml",
	"another YAML":   "github.com/goccy/go-yaml",
	"command line":   "github.com/spf13/",
	"CloudFormation": "github.com/aws/aws-lambda-go/cfn",
	"DynamoDB":       "github.com/aws/aws-sdk-go-v2/service/dynamodb",
	"Lambda":         "github.com/aws/aws-sdk-go-v2/service/lambda",
	"SQS":            "github.com/aws/aws-sdk-go-v2/service/sqs",
}

var traced = []string{"tracer", "tracer v2", "lambda library"}

// TestLinks holds each binary to what it needs: what a function links, it loads in every
// cold start. A new import that fails here belongs elsewhere, or into this table.
func TestLinks(t *testing.T) {
	stores := []string{"DynamoDB", "SQS"}
	for name, may := range map[string]struct{ ours, heavy []string }{
		"webhook":   {alertingLinks, slices.Concat(traced, stores, []string{"expressions", "YAML", "Lambda"})},
		"redeliver": {alertingLinks, slices.Concat(traced, stores, []string{"expressions", "YAML", "Lambda"})},
		"reconcile": {[]string{"functions/internal/ddlambda", "shared/ledger", "shared/queue", "shared/scope"}, slices.Concat(traced, stores)},
		"setup":     {[]string{"events", "functions/setup", "shared/scope"}, []string{"CloudFormation"}},
		"drill":     {[]string{"functions/internal/drill", "functions/internal/ddlambda"}, traced},
	} {
		t.Run(name, func(t *testing.T) {
			links := linked(t, name)
			allowed := slices.Concat(linkedByAll, may.ours, []string{"functions/" + name})
			for _, link := range links {
				ours, isOurs := strings.CutPrefix(link, "boomerang/")
				if isOurs && !slices.ContainsFunc(allowed, func(folder string) bool { return isIn(ours, folder) }) {
					t.Errorf("it links %s", ours)
				}
			}
			for library, prefix := range heavy {
				has := slices.ContainsFunc(links, func(link string) bool { return strings.HasPrefix(link, prefix) })
				if wanted := slices.Contains(may.heavy, library); has != wanted {
					t.Errorf("it links %s (%s): %v, want %v", library, prefix, has, wanted)
				}
			}
		})
	}
}

// TestLinks_Local keeps the first `make run` short: the tracer takes minutes to compile.
func TestLinks_Local(t *testing.T) {
	for _, link := range linked(t, "local/boomerang") {
		if strings.Contains(link, "github.com/DataDog/") || strings.Contains(link, "gopkg.in/DataDog/") {
			t.Errorf("it links %s", link)
		}
	}
}

// TestLinks_Calls holds the binaries to the AWS calls that they make. The linker keeps every call of a
// client that an interface can reach, 2 MB in all.
func TestLinks_Calls(t *testing.T) {
	s := e2e.New(t)
	for _, f := range []e2e.Function{e2e.Webhook, e2e.Redeliver} {
		binary, err := os.ReadFile(s.Command(f, nil).Path)
		if err != nil {
			t.Fatal(err)
		}
		for call, want := range map[string]bool{
			"dynamodb.(*Client).UpdateItem": true, "dynamodb.(*Client).CreateTable": false,
			"sqs.(*Client).SendMessage": true, "sqs.(*Client).CreateQueue": false,
			"secretsmanager.(*Client).GetSecretValue": true, "secretsmanager.(*Client).CreateSecret": false,
			"lambda.(*Client).Invoke": true, "lambda.(*Client).CreateFunction": false,
		} {
			if has := bytes.Contains(binary, []byte("/aws-sdk-go-v2/service/"+call)); has != want {
				t.Errorf("%s has %s: %v, want %v", f, call, has, want)
			}
		}
	}
}

func linked(t *testing.T, function string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "./"+function).Output() //nolint:gosec // It is one of our folders.
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// isIn reports whether a package is in a folder. A folder with a colon is that package alone.
func isIn(name, folder string) bool {
	if only, ok := strings.CutSuffix(folder, ":"); ok {
		return name == only
	}
	return name == folder || strings.HasPrefix(name, folder+"/")
}

// A synthetic test knows the answer's statuses without the pipeline.
func TestDrillStatuses(t *testing.T) {
	for theirs, ours := range map[pipeline.Status]drill.Status{pipeline.Posted: drill.Posted, pipeline.Duplicate: drill.Duplicate, pipeline.Queued: drill.Queued} {
		if string(theirs) != string(ours) {
			t.Errorf("the webhook says %q, the synthetic test expects %q", theirs, ours)
		}
	}
}
