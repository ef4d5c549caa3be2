package registry_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"boomerang/shared/enrich/registry"
)

func TestKinds_say_all_that_editors_and_playbooks_need(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range registry.Kinds(registry.Deps{}) {
		t.Run(k.Name, func(t *testing.T) {
			if k.Name == "" || seen[k.Name] || k.New == nil {
				t.Fatalf("the name is empty or taken, or it makes no step: %+v", k)
			}
			seen[k.Name] = true
			if !strings.HasSuffix(k.Doc, ".") {
				t.Errorf("its doc is no sentence: %q", k.Doc)
			}
			config := reflect.TypeOf(k.Config)
			for i := range config.NumField() {
				f := config.Field(i)
				if f.IsExported() && (f.Tag.Get("yaml") == "" || !strings.HasSuffix(f.Tag.Get("doc"), ".")) {
					t.Errorf("with.%s has no yaml name or no doc sentence", f.Name)
				}
			}
			raw, err := json.Marshal(k.Data)
			if err != nil || !strings.HasPrefix(string(raw), "{") {
				t.Errorf("its data is no object: %s, %v", raw, err)
			}
		})
	}
}
