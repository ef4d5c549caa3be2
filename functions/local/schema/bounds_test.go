package schema_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"boomerang/functions/local/schema"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

// TestBounds holds the schema and the check to the same values of each key.
func TestBounds(t *testing.T) {
	kinds := registry.Kinds(registry.Deps{})
	raw, err := schema.Of(playbook.Shape(), "playbooks", kinds)
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	step := func(uses, keys string) string { return "steps: [{uses: " + uses + ", " + keys + "}]" }
	for keys, isValid := range map[string]bool{
		"limit: 1": true, "limit: 10000": true, "limit: 0": false, "limit: -1": false, "limit: 10001": false, "limit: ten": false,
		"after: 1m": true, "after: [15m, 24h]": true, "after: 25h": false, "after: [1m, 2m, 3m]": false, "after: 1h30m": true,
		"event: {api: v2}": true, "event: {api: V2}": false, "event: {api: 2}": false,
		"event: {alert_type: info}": true, "event: {alert_type: critical}": false, `event: {alert_type: "{{ .alert.type }}"}`: true,
		"event: {priority: low}": true, "event: {priority: high}": false, "event: {api: v2, priority: 3}": true, "event: {priority: P1}": false,
		step("owner", "timeout: 10ms"): true, step("owner", "timeout: 1m"): true, step("owner", "timeout: 2m"): false,
		step("owner", "timeout: 1.5s"): true, step("owner", "timeout: 61s"): false, step("owner", "timeout: 5"): false, step("owner", "timeout: 1h"): false,
		step("owner", "timeout: 15 minutes"): false, step("owner", "timeout: 0"): false,
		step("owner", "cache: 0"): true, step("owner", "cache: 0s"): true, step("owner", "cache: 24h"): true, step("owner", "cache: 25h"): false,
		step("owner", "cache: 1d"): false, step("owner", "name: owner_2"): true, step("owner", "name: Owner"): false,
		step("metric", "with: {window: 720h}"): true, step("metric", "with: {window: 721h}"): false, step("metric", "with: {window: 87600h}"): false,
		step("snapshot", "with: {window: 2h30m}"): true, step("snapshot", "with: {window: 1000h}"): false,
		step("logs", "with: {window: 168h}"): true, step("logs", "with: {window: 169h}"): false,
		step("changes", "with: {window: 1s}"): true, step("changes", "with: {window: 200h}"): false,
		step("http", `with: {url: "https://example.com", method: GET}`): true, step("http", `with: {url: "https://example.com", method: get}`): false,
		step("http", `with: {url: "https://example.com", body: {a: [1]}}`): true, step("http", `with: {url: "https://example.com", body: [a]}`): true,
		step("http", `with: {url: "https://example.com", body: "{}"}`): true, step("http", `with: {url: "https://example.com", method: DELETE}`): false,
		step("ownr", "timeout: 1s"): false, step("owner", "tiemout: 1s"): false,
	} {
		source := "playbooks: [{name: test, " + keys + "}]"
		if report := check.File("test.yaml", []byte(source), kinds); (report.Err == nil) != isValid {
			t.Errorf("the check of %s: %v", keys, report.Err)
		}
		if problem := (validator{root}).problem(root, decoded(t, []byte(source))); (problem == "") != isValid {
			t.Errorf("the schema of %s: %q", keys, problem)
		}
	}
}

// TestSchema_Playbooks holds the schema to the playbooks that are there.
func TestSchema_Playbooks(t *testing.T) {
	raw, err := schema.Of(playbook.Shape(), "playbooks", registry.Kinds(registry.Deps{}))
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../../shared/playbook/ready/*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	for _, file := range append(files, "../../../shared/playbook/default.yaml") {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if problem := (validator{root}).problem(root, decoded(t, source)); !strings.HasSuffix(file, ".test.yaml") && problem != "" {
			t.Errorf("%s: %s", file, problem)
		}
	}
}

// decoded returns a YAML document as JSON has it.
func decoded(t *testing.T, source []byte) (value any) {
	t.Helper()
	if err := yaml.Unmarshal(source, &value); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(encoded, &value)
	}
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// validator knows the keywords of JSON Schema that the generator writes.
type validator struct{ root map[string]any }

func (v validator) problem(s map[string]any, value any) string {
	if reference, ok := s["$ref"].(string); ok {
		name := reference[len("#/definitions/"):]
		return v.problem(v.root["definitions"].(map[string]any)[name].(map[string]any), value)
	}
	checks := []bool{
		s["enum"] == nil || slices.ContainsFunc(s["enum"].([]any), func(one any) bool { return reflect.DeepEqual(one, value) }),
		s["type"] == nil || slices.Contains(texts(s["type"]), typeOf(value)) || typeOf(value) == "integer" && slices.Contains(texts(s["type"]), "number"),
		s["anyOf"] == nil || slices.ContainsFunc(schemas(s["anyOf"]), func(one map[string]any) bool { return v.problem(one, value) == "" }),
	}
	switch value := value.(type) {
	case string:
		checks = append(checks, s["pattern"] == nil || regexp.MustCompile(fmt.Sprint(s["pattern"])).MatchString(value))
	case float64:
		checks = append(checks, s["minimum"] == nil || value >= s["minimum"].(float64), s["maximum"] == nil || value <= s["maximum"].(float64))
	case []any:
		checks = append(checks, s["maxItems"] == nil || float64(len(value)) <= s["maxItems"].(float64))
		for _, one := range value {
			if items, ok := s["items"].(map[string]any); ok {
				checks = append(checks, v.problem(items, one) == "")
			}
		}
	case map[string]any:
		properties, _ := s["properties"].(map[string]any)
		for name, one := range value {
			inner, known := properties[name].(map[string]any)
			if !known && s["additionalProperties"] == false {
				return "unknown key " + name
			}
			if problem := v.problem(inner, one); known && problem != "" {
				return problem
			}
		}
		for _, one := range schemas(s["allOf"]) {
			if v.problem(one["if"].(map[string]any), value) == "" {
				checks = append(checks, v.problem(one["then"].(map[string]any), value) == "")
			}
		}
	}
	if slices.Contains(checks, false) {
		return fmt.Sprint(value, " is not ", s)
	}
	if constant := s["const"]; constant != nil && constant != value {
		return "another step"
	}
	return ""
}

func typeOf(value any) string {
	switch value := value.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if value == float64(int(value)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func texts(v any) (all []string) {
	if list, ok := v.([]any); ok {
		for _, one := range list {
			all = append(all, one.(string))
		}
		return all
	}
	return []string{fmt.Sprint(v)}
}

func schemas(v any) (all []map[string]any) {
	list, _ := v.([]any)
	for _, one := range list {
		all = append(all, one.(map[string]any))
	}
	return all
}
