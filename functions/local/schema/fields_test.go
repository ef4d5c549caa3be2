package schema_test

import (
	"testing"

	"boomerang/functions/local/schema"
	"boomerang/shared/enrich/registry"
)

// TestFields checks that each field and function has a text, and each example its result.
func TestFields(t *testing.T) {
	fields, err := schema.Fields(registry.Kinds(registry.Deps{}))
	if err != nil {
		t.Fatal(err)
	}
	if len(fields) == 0 {
		t.Error("no fields")
	}
	t.Log(string(fields))
}
