package shared_test

import (
	"slices"
	"strings"
	"testing"
)

const module = "boomerang"

// rule forbids imports. A folder or an import path names itself and all below it,
// unless it ends with a colon: then it names that one package only.
type rule struct {
	name string
	// in are the folders that the rule guards; "." is all of them.
	in []string
	// outside are the folders below in that the rule leaves alone.
	outside []string
	// never are the import paths that the folders must not import, save those in may.
	never []string
	may   []string
	// tests says whether the rule binds test files too.
	tests   bool
	because string
}

var rules = []rule{
	{
		name:    "the domain packages import none of ours",
		in:      []string{"shared/alert", "shared/fault", "shared/httpx", "shared/jsonvalue", "shared/scope", "shared/site"},
		never:   []string{module},
		may:     []string{"shared/jsonvalue"},
		because: "every other package imports these",
	},
	{
		name:    "events are composed by pure code",
		in:      []string{"shared/event"},
		never:   []string{module, "net/http", "os", "github.com/aws", "github.com/DataDog"},
		may:     []string{"shared/alert", "shared/enrich:", "shared/fault", "shared/memory", "shared/playbook"},
		because: "golden files test the whole event only if composing is a pure function",
	},
	{
		name:    "the step runner imports no step",
		in:      []string{"shared/enrich:"},
		never:   []string{module, "net/http", "github.com/aws", "github.com/DataDog"},
		may:     []string{"shared/alert", "shared/fault", "shared/telemetry:"},
		because: "a new step is one folder and one line of the registry",
	},
	{
		name:    "steps do not import what shows, queues or posts them",
		in:      []string{"shared/enrich"},
		never:   []string{"shared/event", "shared/pipeline", "shared/ledger", "shared/queue", "shared/secret", "shared/config"},
		because: "a step only turns an alert into a finding",
	},
	{
		name:    "an adapter imports no other",
		in:      []string{"shared/datadog", "shared/ledger", "shared/queue", "shared/secret"},
		never:   []string{"shared/datadog", "shared/ledger", "shared/queue", "shared/secret", "shared/pipeline", "shared/config"},
		because: "adapters meet only where a function is wired, so each can be replaced and tested alone",
	},
	{
		name:    "telemetry knows no alert",
		in:      []string{"shared/telemetry"},
		never:   []string{module, "github.com/aws/aws-sdk-go-v2", "github.com/DataDog", "gopkg.in/DataDog"},
		may:     []string{"shared/fault"},
		because: "it is below everything, and an alert's text that it knew could reach a trace",
	},
	{
		name:    "the pipeline imports no Datadog client, AWS or HTTP",
		in:      []string{"shared/pipeline"},
		never:   []string{"shared/datadog", "shared/secret", "shared/config", "net/http", "github.com/aws", "github.com/DataDog"},
		because: "the pipeline is the same behind a Function URL, a queue and a test",
	},
	{
		name:    "only functions import Lambda's types",
		in:      []string{"."},
		outside: []string{"functions", "shared/telemetry"},
		never:   []string{"github.com/aws/aws-lambda-go"},
		tests:   true,
		because: "Lambda's events and contexts belong to the functions, not to the packages below",
	},
	{
		name:    "the AWS SDK stays in its adapters",
		in:      []string{"."},
		outside: []string{"functions", "shared/secret", "shared/ledger", "shared/queue", "shared/enrich/lambda", "shared/awstest"},
		never:   []string{"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"},
		because: "each AWS client makes every cold start longer",
	},
	{
		name:    "Datadog's libraries stay in their adapter",
		in:      []string{"."},
		outside: []string{"functions/internal/ddlambda", "functions/local/bench/bare"},
		never:   []string{"github.com/DataDog", "gopkg.in/DataDog"},
		tests:   true,
		because: "the tracer takes minutes to compile, and the models of the API client reject an object over one unknown value",
	},
	{
		name:    "only the functions' main packages import the Lambda library",
		in:      []string{"."},
		outside: []string{"functions/webhook:", "functions/redeliver:", "functions/reconcile:", "functions/setup:", "functions/drill:"},
		never:   []string{"functions/internal/ddlambda:"},
		tests:   true,
		because: "a local run and most tests must not compile the tracer",
	},
	{
		name:    "provisioning imports neither CloudFormation nor secrets",
		in:      []string{"functions/setup/provision"},
		never:   []string{module, "github.com/aws"},
		may:     []string{"events", "shared/alert", "shared/datadog", "shared/event", "shared/fault", "shared/httpx", "shared/jsonvalue", "shared/scope"},
		because: "a laptop provisions the same things as a stack",
	},
	{
		name:    "the sample events import nothing of ours",
		in:      []string{"events"},
		never:   []string{module},
		because: "the samples are Datadog's requests",
	},
	{
		name:    "fakes are not deployed",
		in:      []string{"."},
		outside: []string{"functions/local", "functions/internal/e2e", "shared/fakedatadog", "shared/awstest", "shared/httpfault", "shared/enrich/enrichtest", "shared/telemetry/telemetrytest", "functions/internal/ddlambda/agenttest"},
		never:   []string{"shared/fakedatadog", "shared/awstest", "shared/httpfault", "shared/enrich/enrichtest", "shared/telemetry/telemetrytest", "functions/internal/ddlambda/agenttest", "functions/local", "functions/internal/runtimeapi", "functions/internal/e2e"},
		because: "only a local run and a test may use a fake",
	},
	{
		name:    "a synthetic test sees a stack from outside",
		in:      []string{"functions/internal/drill"},
		never:   []string{"shared/ledger", "shared/queue", "shared/secret", "shared/config", "functions/internal/runtime", "functions/internal/alerting", "github.com/aws"},
		because: "it tests what Datadog sees, not the stack's own state",
	},
	{
		name:    "shared imports no function",
		in:      []string{"shared"},
		never:   []string{"functions"},
		tests:   true,
		because: "functions wire what is in shared",
	},
}

func TestImports(t *testing.T) {
	files := parse(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, folder := range slices.Concat(r.in, r.outside) {
				if !slices.ContainsFunc(files, func(f file) bool { return covers(folder, f.folder) }) {
					t.Errorf("%s has no Go file: remove it from the rule or correct its name", folder)
				}
			}
			for _, f := range files {
				for _, imported := range r.broken(f) {
					t.Errorf("%s imports %s, but %s: %s", f.path, imported, r.name, r.because)
				}
			}
		})
	}
}

func TestRule_Broken(t *testing.T) {
	r := rule{
		in:      []string{"shared/a", "shared/b:"},
		outside: []string{"shared/a/out"},
		never:   []string{module, "example.org/sdk"},
		may:     []string{"shared/c", "shared/d:"},
	}
	for _, c := range []struct {
		folder, imported string
		broken           bool
	}{
		{"shared/a", "boomerang/shared/x", true},
		{"shared/a/b", "boomerang/shared/x", true},
		{"shared/b/c", "boomerang/shared/x", false},
		{"shared/a/out", "boomerang/shared/x", false},
		{"shared/z", "boomerang/shared/x", false},
		{"shared/a", "example.org/sdk/s3", true},
		{"shared/a", "example.org/sdks", false},
		{"shared/a", "boomerang/shared/a/b", false},
		{"shared/a", "boomerang/shared/c/d", false},
		{"shared/a", "boomerang/shared/d", false},
		{"shared/a", "boomerang/shared/d/e", true},
	} {
		for _, r.tests = range []bool{false, true} {
			for _, isTest := range []bool{false, true} {
				got := r.broken(file{folder: c.folder, test: isTest, imports: []string{c.imported}})
				if want := c.broken && (r.tests || !isTest); (len(got) > 0) != want {
					t.Errorf("%s imports %s: %t, in a test %t, with a rule for tests %t", c.folder, c.imported, len(got) > 0, isTest, r.tests)
				}
			}
		}
	}
}

// broken returns the imports of f that break the rule.
func (r rule) broken(f file) []string {
	at := slices.IndexFunc(r.in, func(folder string) bool { return covers(folder, f.folder) })
	if at < 0 || anyCovers(r.outside, f.folder) || f.test && !r.tests {
		return nil
	}
	var broken []string
	for _, imported := range f.imports {
		// Our own packages are spelled as folders in the table.
		short := strings.TrimPrefix(imported, module+"/")
		ours := short != imported
		forbidden := anyCovers(r.never, short) || ours && slices.Contains(r.never, module)
		own := ours && r.in[at] != "." && covers(r.in[at], short)
		if forbidden && !own && !anyCovers(r.may, short) {
			broken = append(broken, imported)
		}
	}
	return broken
}

func covers(pattern, name string) bool {
	if only, ok := strings.CutSuffix(pattern, ":"); ok {
		return name == only
	}
	return pattern == "." || name == pattern || strings.HasPrefix(name, pattern+"/")
}

func anyCovers(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return covers(pattern, name) })
}
