package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"

	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/report"
	"boomerang/functions/local/schema"
	"boomerang/shared/playbook"
)

//go:generate go run . schema ../../shared/playbook

// schemas returns what is written from the code about playbooks: the JSON Schemas
// of their files and of their tests, and the reference of the steps, by the names
// of the files that hold them.
func schemas() (map[string][]byte, error) {
	kinds := checkKinds("")
	playbooks, err := schema.Of(playbook.Shape(), "Boomerang's playbooks", kinds)
	if err != nil {
		return nil, err
	}
	tests, err := schema.Of(playbooktest.Shape(), "Tests of Boomerang's playbooks", nil)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"schema.json": playbooks, "test.schema.json": tests, "steps.md": schema.Steps(kinds)}, nil
}

// writeSchemas writes them into a folder.
func writeSchemas(out *report.Printer, folder string) error {
	all, err := schemas()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, all[name], 0o644); err != nil {
			return err
		}
		out.Line("%s", path)
	}
	return nil
}
