package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"boomerang/functions/local/schema"
)

//go:generate go run . schema ../../../shared/playbook

// schemaCommand is for the repository itself.
func (c cli) schemaCommand() *cobra.Command {
	return c.command(&cobra.Command{
		Use: "schema <folder>", Short: "Write the JSON Schemas of playbooks and their tests, and the references of fields and steps.", Hidden: true,
	}, func(c cli, _ context.Context, args []string) error {
		files, err := schema.Files()
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(files)) {
			path := filepath.Join(args[0], name)
			if err := os.WriteFile(path, files[name], 0o644); err != nil {
				return err
			}
			c.out.Line("%s", path)
		}
		return nil
	})
}
