package shared_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documents are all Markdown files of the module, by their path from its root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (base == "testdata" || base[0] == '.'):
			return fs.SkipDir
		case strings.HasSuffix(base, ".md"):
			texts[name] = content(t, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func content(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestREADME_Length(t *testing.T) {
	const most = 180
	if lines := strings.Count(content(t, "README.md"), "\n"); lines > most {
		t.Errorf("README.md has %d lines, want at most %d: move what only operators or developers need to the folder it is about", lines, most)
	}
}

var link = regexp.MustCompile(`\]\(([^)\s#]*)(#[^)\s]*)?\)`)

func TestDocuments_Links(t *testing.T) {
	texts := documents(t)
	for name, text := range texts {
		for _, l := range link.FindAllStringSubmatch(text, -1) {
			target, anchor := l[1], strings.TrimPrefix(l[2], "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := name
			if target != "" {
				file = filepath.ToSlash(filepath.Join(filepath.Dir(name), target))
			}
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, target)
			}
			if anchor != "" && !slices.Contains(anchors(texts[file]), anchor) {
				t.Errorf("%s links to #%s in %s, which has no such heading", name, anchor, file)
			}
		}
	}
}

var (
	heading    = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	notInSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	makeTarget = regexp.MustCompile("`(?:[A-Z_]+=\\S+ )*make ([a-z][a-z-]*)|(?m)^make ([a-z][a-z-]*)")
)

// anchors are the headings of a document as GitHub names them.
func anchors(text string) []string {
	var all []string
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		all = append(all, strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return all
}

func TestDocuments_MakeTargets(t *testing.T) {
	makefile := content(t, "Makefile")
	for name, text := range documents(t) {
		for _, m := range makeTarget.FindAllStringSubmatch(text, -1) {
			if target := m[1] + m[2]; !strings.Contains(makefile, "\n"+target+":") {
				t.Errorf("%s names make %s, which the Makefile does not have", name, target)
			}
		}
	}
}

var quoted = regexp.MustCompile("`([^`]+)`")

// firstColumn returns what the first column of the table under a heading names in backticks.
func firstColumn(t *testing.T, document, under string) []string {
	t.Helper()
	_, section, found := strings.Cut("\n"+content(t, document), "\n"+under+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", document, under)
	}
	var names []string
	rows := 0
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "|") {
			if rows > 0 {
				break
			}
			continue
		}
		rows++
		for _, q := range quoted.FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			names = append(names, q[1])
		}
	}
	slices.Sort(names)
	return names
}

// templateNames returns the names below a top-level section of template.yaml that match the pattern.
func templateNames(t *testing.T, section, pattern string) []string {
	t.Helper()
	_, text, found := strings.Cut(content(t, "template.yaml"), "\n"+section+":\n")
	if !found {
		t.Fatalf("template.yaml has no %s", section)
	}
	if end := regexp.MustCompile(`(?m)^\w`).FindStringIndex(text); end != nil {
		text = text[:end[0]]
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^  (\w+):`+pattern).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		t.Fatal(err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return names
}

// environment returns the variables that package config reads.
func environment(t *testing.T) []string {
	t.Helper()
	names := map[string]bool{}
	for _, f := range files(t, "shared/config/*.go") {
		for _, m := range regexp.MustCompile(`env:"([A-Z_]+)`).FindAllStringSubmatch(content(t, "shared/config/"+f), -1) {
			names[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func folders(t *testing.T, parent string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, parent))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "internal" && e.Name() != "testdata" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestDocuments_Tables(t *testing.T) {
	ofSDKAndExtension := func(name string) bool {
		return strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "DD_") && name != "DD_SITE"
	}
	tests := map[string]struct{ got, want []string }{
		"functions": {firstColumn(t, "functions/README.md", "# Functions: deploy and operate"), folders(t, "functions")},
		"parameters": {
			slices.Compact(slices.Sorted(slices.Values(append(firstColumn(t, "functions/README.md", "## Parameters"), "Environment", "Version")))),
			templateNames(t, "Parameters", ""),
		},
		"alarms":      {firstColumn(t, "functions/README.md", "## Alarms"), templateNames(t, "Resources", `\n    Type: AWS::CloudWatch::Alarm`)},
		"events":      {firstColumn(t, "events/README.md", "# Events: the contract"), files(t, "events/*.json")},
		"environment": {slices.DeleteFunc(firstColumn(t, "events/README.md", "## Environment"), ofSDKAndExtension), environment(t)},
		"packages":    {firstColumn(t, "shared/README.md", "# Shared packages: how Boomerang is built"), folders(t, "shared")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.got); diff != "" {
				t.Errorf("the code and its document differ (-code +document):\n%s", diff)
			}
		})
	}
}

// TestDocuments_Hops holds the path from the request to the post to the code: every line
// names a function, and is called by the line that it is under.
func TestDocuments_Hops(t *testing.T) {
	const most = 20
	_, text, _ := strings.Cut(content(t, "shared/README.md"), "## From request to post\n")
	_, text, _ = strings.Cut(text, "```\n")
	text, _, _ = strings.Cut(text, "```")
	hops := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(hops) > most || len(hops) < most/2 {
		t.Errorf("%d hops from the request to the post, want at most %d", len(hops), most)
	}
	calls := callsByFunction(t, "functions/webhook/handler", "shared/pipeline", "shared/enrich")
	var callers []string
	for _, line := range hops {
		name := strings.TrimLeft(line, " ")
		depth := (len(line) - len(name)) / 2
		short := name[strings.LastIndex(name, ".")+1:]
		if depth > len(callers) {
			t.Fatalf("%s is indented too far", name)
		}
		if depth > 0 && !slices.Contains(calls[callers[depth-1]], short) {
			t.Errorf("%s does not call %s", callers[depth-1], name)
		}
		callers = append(callers[:depth], strings.TrimPrefix(name, "enrich."))
	}
	if last := callers[len(callers)-1]; last != "Poster.Create" {
		t.Errorf("the path ends with %s", last)
	}
}

// callsByFunction returns the names that each function of the folders calls or passes on,
// by "Type.Method" or "Function".
func callsByFunction(t *testing.T, folders ...string) map[string][]string {
	t.Helper()
	calls := map[string][]string{}
	for _, folder := range folders {
		for _, name := range files(t, folder+"/*.go") {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, folder, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, declaration := range parsed.Decls {
				function, ok := declaration.(*ast.FuncDecl)
				if !ok || function.Body == nil {
					continue
				}
				ast.Inspect(function.Body, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok {
						calls[receiver(function)+function.Name.Name] = append(calls[receiver(function)+function.Name.Name], id.Name)
					}
					return true
				})
			}
		}
	}
	return calls
}

func receiver(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return ""
	}
	return strings.TrimPrefix(types.ExprString(function.Recv.List[0].Type), "*") + "."
}

func TestDocuments_RetryNumbers(t *testing.T) {
	source := content(t, "shared/pipeline/retry.go")
	units := map[string]string{"ms": "time.Millisecond", "s": "time.Second", "min": "time.Minute"}
	rows := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\d+)(?: (\\w+))? \\|").FindAllStringSubmatch(content(t, "shared/README.md"), -1)
	if len(rows) < 10 {
		t.Errorf("%d numbers are documented", len(rows))
	}
	for _, row := range rows {
		want := row[2]
		if unit := units[row[3]]; unit != "" {
			want = strings.TrimPrefix(row[2]+" * "+unit, "1 * ")
		}
		if !regexp.MustCompile(`(?m)^\t` + row[1] + `\s+= ` + regexp.QuoteMeta(want) + `$`).MatchString(source) {
			t.Errorf("shared/README.md says that %s is %s %s, and shared/pipeline/retry.go does not", row[1], row[2], row[3])
		}
	}
}
