package schema_test

import (
	"os"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/playbook/check"
)

// TestBounds holds the schema and the check to the same values of each key.
func TestBounds(t *testing.T) {
	kinds := registry.Kinds(registry.Deps{})
	validate := validator(t)
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
		if err := validate([]byte(source)); (err == nil) != isValid {
			t.Errorf("the schema of %s: %v", keys, err)
		}
	}
}

// TestSchema_Playbooks holds the schema to the playbooks that are there.
func TestSchema_Playbooks(t *testing.T) {
	validate := validator(t)
	files, err := playbooktest.Playbooks([]string{"../../../shared/playbook/ready", "../../../shared/playbook/default.yaml"})
	if err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err == nil {
			err = validate(source)
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// validator returns a function that holds YAML to the schema of playbooks.
func validator(t *testing.T) func(source []byte) error {
	t.Helper()
	compiled, err := jsonschema.NewCompiler().Compile("../../../shared/playbook/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(source []byte) error {
		var value any
		if err := yaml.Unmarshal(source, &value); err != nil {
			return err
		}
		return compiled.Validate(value)
	}
}
