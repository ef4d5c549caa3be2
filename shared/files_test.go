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
)

// The module's root, seen from this folder.
const root = ".."

func TestExit(t *testing.T) {
	for _, f := range parse(t) {
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
func parse(t *testing.T) (files []file) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (base == "testdata" || base[0] == '.' || base[0] == '_'):
			return fs.SkipDir
		case strings.HasSuffix(base, ".go"):
			f, err := read(name)
			files = append(files, f)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(name string) (file, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	f := file{path: name, folder: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), main: parsed.Name.Name == "main", exits: exits(parsed)}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, fmt.Errorf("%s: %w", name, err)
		}
		f.imports = append(f.imports, imported)
	}
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
