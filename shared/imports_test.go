package shared_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The module's root, seen from this folder.
const root = ".."

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
		name:    "the Datadog client imports no other adapter",
		in:      []string{"shared/datadog"},
		never:   []string{"shared/ledger", "shared/queue", "shared/secret", "shared/pipeline", "shared/config", "github.com/aws"},
		because: "adapters meet only where a function is wired, so each can be replaced and tested alone",
	},
	{
		name:    "the ledger imports no other adapter",
		in:      []string{"shared/ledger"},
		never:   []string{"shared/datadog", "shared/queue", "shared/secret", "shared/pipeline", "shared/config"},
		because: "adapters meet only where a function is wired, so each can be replaced and tested alone",
	},
	{
		name:    "the queue imports no other adapter",
		in:      []string{"shared/queue"},
		never:   []string{"shared/datadog", "shared/ledger", "shared/secret", "shared/pipeline", "shared/config"},
		because: "adapters meet only where a function is wired, so each can be replaced and tested alone",
	},
	{
		name:    "the secret store imports no other adapter",
		in:      []string{"shared/secret"},
		never:   []string{"shared/datadog", "shared/ledger", "shared/queue", "shared/pipeline", "shared/config"},
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
		because: "the tracer takes minutes to compile",
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
		name:    "no official Datadog API client",
		in:      []string{"."},
		never:   []string{"github.com/DataDog/datadog-api-client-go"},
		tests:   true,
		because: "net/http does the same without six more modules, and its models reject an object over one unknown value",
	},
	{
		name:    "provisioning imports neither CloudFormation nor secrets",
		in:      []string{"functions/setup/provision"},
		never:   []string{module, "github.com/aws"},
		may:     []string{"events", "shared/alert", "shared/datadog", "shared/event", "shared/fault", "shared/httpx", "shared/scope"},
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
	files := parse(t, root)
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

func TestExit(t *testing.T) {
	for _, f := range parse(t, root) {
		if f.test || f.main {
			continue
		}
		for _, call := range f.exits {
			t.Errorf("%s calls %s, but only a main package may end the process: return an error", f.path, call)
		}
	}
}

func TestTopLevel(t *testing.T) {
	agreed := []string{
		"LICENSE", "Makefile", "README.md", "events", "findings", "functions", "go.mod", "go.sum", "samconfig.toml", "shared", "template.yaml",
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(agreed, name) {
			t.Errorf("%s is not in the agreed top level (%s): move it into one of these folders", name, strings.Join(agreed, ", "))
		}
	}
}

func TestRule_Broken(t *testing.T) {
	r := rule{
		in:      []string{"shared/a", "shared/b:"},
		outside: []string{"shared/a/out"},
		never:   []string{module, "example.org/sdk"},
		may:     []string{"shared/c", "shared/d:"},
	}
	tests := map[string]struct {
		file file
		want []string
	}{
		"an import of ours is forbidden":                   {file: file{folder: "shared/a", imports: []string{"boomerang/shared/x"}}, want: []string{"boomerang/shared/x"}},
		"an import of others is forbidden, with all below": {file: file{folder: "shared/a", imports: []string{"example.org/sdk/s3"}}, want: []string{"example.org/sdk/s3"}},
		"a longer name is another path":                    {file: file{folder: "shared/a", imports: []string{"example.org/sdks"}}},
		"folders below are guarded":                        {file: file{folder: "shared/a/b", imports: []string{"boomerang/shared/x"}}, want: []string{"boomerang/shared/x"}},
		"a folder with a colon stands for itself alone":    {file: file{folder: "shared/b/c", imports: []string{"boomerang/shared/x"}}},
		"an excepted folder is free":                       {file: file{folder: "shared/a/out", imports: []string{"boomerang/shared/x"}}},
		"an allowed import may be used, with all below":    {file: file{folder: "shared/a", imports: []string{"boomerang/shared/c/d"}}},
		"an allowed import with a colon excludes those below": {
			file: file{folder: "shared/a", imports: []string{"boomerang/shared/d", "boomerang/shared/d/e"}}, want: []string{"boomerang/shared/d/e"},
		},
		"a folder may import its own":   {file: file{folder: "shared/a", imports: []string{"boomerang/shared/a/b"}}},
		"another folder is not guarded": {file: file{folder: "shared/z", imports: []string{"boomerang/shared/x"}}},
		"a test file is free":           {file: file{folder: "shared/a", test: true, imports: []string{"boomerang/shared/x"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, r.broken(test.file)); diff != "" {
				t.Errorf("broken imports (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a rule for tests binds a test file", func(t *testing.T) {
		strict := r
		strict.tests = true
		got := strict.broken(file{folder: "shared/a", test: true, imports: []string{"boomerang/shared/x"}})
		if diff := cmp.Diff([]string{"boomerang/shared/x"}, got); diff != "" {
			t.Errorf("broken imports (-want +got):\n%s", diff)
		}
	})
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

// file is what the rules need to know of a Go file.
type file struct {
	path    string
	folder  string // from the module's root, with slashes
	test    bool
	main    bool
	imports []string
	exits   []string // calls that end the process
}

// parse reads every Go file of the module; folders that the go command ignores
// are ignored here too.
func parse(t *testing.T, dir string) []file {
	t.Helper()
	var files []file
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := entry.Name(); name != dir && (base == "testdata" || base[0] == '.' || base[0] == '_') {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		relative, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		f, err := read(name, filepath.ToSlash(relative))
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(name, relative string) (file, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	f := file{
		path:   relative,
		folder: path.Dir(relative),
		test:   strings.HasSuffix(relative, "_test.go"),
		main:   parsed.Name.Name == "main",
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, fmt.Errorf("%s: %w", relative, err)
		}
		f.imports = append(f.imports, imported)
	}
	f.exits = exits(parsed)
	return f, nil
}

func exits(parsed *ast.File) []string {
	var calls []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name, ok := selector.X.(*ast.Ident)
		if !ok {
			return true
		}
		call := name.Name + "." + selector.Sel.Name
		if call == "os.Exit" || strings.HasPrefix(call, "log.Fatal") || strings.HasPrefix(call, "log.Panic") {
			calls = append(calls, call)
		}
		return true
	})
	return calls
}
