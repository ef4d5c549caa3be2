package registry_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"boomerang/shared/enrich/registry"
)

func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range registry.Kinds(registry.Deps{}) {
		t.Run(k.Name, func(t *testing.T) {
			if k.Name == "" || seen[k.Name] || k.New == nil {
				t.Fatalf("name or New is missing, or the name is a duplicate: %+v", k)
			}
			seen[k.Name] = true
			if !strings.HasSuffix(k.Doc, ".") {
				t.Errorf("doc is not a sentence: %q", k.Doc)
			}
			config := reflect.TypeOf(k.Config)
			for i := range config.NumField() {
				f := config.Field(i)
				if f.IsExported() && (f.Tag.Get("yaml") == "" || !strings.HasSuffix(f.Tag.Get("doc"), ".")) {
					t.Errorf("with.%s lacks a yaml name or a doc sentence", f.Name)
				}
			}
			raw, err := json.Marshal(k.Data)
			if err != nil || !strings.HasPrefix(string(raw), "{") {
				t.Errorf("data is not a JSON object: %s, %v", raw, err)
			}
		})
	}
}
