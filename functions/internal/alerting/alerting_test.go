package alerting_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/functions/internal/alerting"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/lookup"
	"boomerang/shared/enrich/registry"
)

func TestPlaybooks(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{"mine.yaml": "playbooks: [{name: mine, steps: [{uses: lookup, with: {file: owners.csv}}]}]", "owners.csv": "service,team\ncheckout,shop\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	absolute, err := filepath.Abs("mine.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"": "", "default.yaml": "", "mine.yaml": "", absolute: "",
		"own/none.yaml": "PLAYBOOKS_FILE=own/none.yaml", "own/../../mine.yaml": "PLAYBOOKS_FILE=own/../../mine.yaml: ", "own/README.md": "own/README.md:1",
		"none.yaml": "PLAYBOOKS_FILE=none.yaml",
	} {
		tables := alerting.Tables(path)
		_, err := alerting.Playbooks(path, func(string) []enrich.Kind { return registry.Kinds(registry.Deps{Tables: tables}) })
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", path, err, want)
		}
	}
	if err := alerting.Tables("").Check(lookup.Config{File: "owners.csv"}); err == nil {
		t.Error("a table of the working directory is deployed")
	}
}
