package schema_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"boomerang/functions/local/schema"
)

// TestFiles holds the generated files to the types. Their diff shows what a change of the generator makes of them.
func TestFiles(t *testing.T) {
	all, err := schema.Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range all {
		got, err := os.ReadFile(filepath.Join("../../../shared/playbook", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("shared/playbook/%s is not what the types say: run make schema", name)
		}
	}
}
