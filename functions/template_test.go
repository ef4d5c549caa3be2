package functions_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"boomerang/shared/config"
	"boomerang/shared/site"
)

// The template's intrinsic functions read as their argument: !Ref Site is "Site".
// What SAM makes of the template is checked by .ci/transformed.py.
type template struct {
	Parameters map[string]parameter `yaml:"Parameters"`
	Resources  map[string]resource  `yaml:"Resources"`
	Outputs    map[string]output    `yaml:"Outputs"`
}

type parameter struct {
	Description   string   `yaml:"Description"`
	Default       *string  `yaml:"Default"`
	AllowedValues []string `yaml:"AllowedValues"`
}

type resource struct {
	Type       string         `yaml:"Type"`
	Metadata   map[string]any `yaml:"Metadata"`
	Properties map[string]any `yaml:"Properties"`
}

type output struct {
	Description string `yaml:"Description"`
}

const serverlessFunction = "AWS::Serverless::Function"

// sdks are the variables that no code of ours reads, with who does.
var sdks = map[string]string{
	"AWS_ENDPOINT_URL": "the AWS SDK",
}

// functions says which variables each function reads, and why the template leaves some of them out.
var functions = map[string]struct {
	reads   []string
	leftOut map[string]string
}{
	"WebhookFunction": {
		reads: config.Names[config.Webhook](),
		leftOut: map[string]string{
			"REDELIVERY_QUEUE_URL": "the stack has no queue: an alert that cannot be finished is answered 503, and Datadog sends it again",
			"LEDGER_TABLE":         "the stack has no table: an alert that Datadog sends twice is posted twice",
			"INTAKE":               "taking alerts into a queue needs the queue",
			"PLAYBOOKS_FILE":       "what the binary embeds is what is deployed",
		},
	},
}

func TestTemplate_Environment(t *testing.T) {
	for name, r := range serverlessFunctions(t, read(t)) {
		t.Run(name, func(t *testing.T) {
			f, ok := functions[name]
			if !ok {
				t.Fatalf("this test does not know what %s reads: add it to the table", name)
			}
			set := environment(t, r)
			for variable := range set {
				if _, isSDKs := sdks[variable]; !isSDKs && !slices.Contains(f.reads, variable) {
					t.Errorf("%s is set, and nothing reads it", variable)
				}
				if reason, ok := f.leftOut[variable]; ok {
					t.Errorf("%s is set, and this test says it is left out because %s", variable, reason)
				}
			}
			for _, variable := range f.reads {
				_, isSet := set[variable]
				_, isLeftOut := f.leftOut[variable]
				if !isSet && !isLeftOut {
					t.Errorf("%s is read, and the template does not set it", variable)
				}
			}
			for variable := range f.leftOut {
				if !slices.Contains(f.reads, variable) {
					t.Errorf("%s is in this test's list of what is left out, and nothing reads it", variable)
				}
			}
		})
	}
}

func TestTemplate_starts_with_its_defaults(t *testing.T) {
	tmpl := read(t)
	environ := environment(t, tmpl.Resources["WebhookFunction"])
	for variable, value := range environ {
		if p, ok := tmpl.Parameters[value]; ok && p.Default != nil {
			environ[variable] = *p.Default
		}
	}
	loaded, err := config.Load[config.Webhook](environ)
	if err != nil {
		t.Fatal(err)
	}
	var defaults config.Webhook
	defaults.DatadogSecretARN, defaults.WebhookSecretARN = "DatadogSecretArn", "WebhookSecret"
	defaults.Site, defaults.Intake, defaults.EnrichBudget = site.Default, config.Direct, 5*time.Second
	if diff := cmp.Diff(defaults, loaded); diff != "" {
		t.Errorf("the configuration of a stack that names nothing but the keys (-want +got):\n%s", diff)
	}
}

func TestTemplate_offers_every_site(t *testing.T) {
	var sites []string
	for _, s := range site.All() {
		sites = append(sites, s.String())
	}
	p := read(t).Parameters["DatadogSite"]
	if diff := cmp.Diff(sites, p.AllowedValues); diff != "" {
		t.Errorf("allowed values of DatadogSite (-want +got):\n%s", diff)
	}
}

func TestTemplate_Functions(t *testing.T) {
	tmpl := read(t)
	for name, r := range serverlessFunctions(t, tmpl) {
		t.Run(name, func(t *testing.T) {
			want := map[string]any{
				"Handler":       "bootstrap", // the one file that provided.al2023 starts
				"Runtime":       "provided.al2023",
				"Architectures": []any{"arm64"},
			}
			got := make(map[string]any)
			for property := range want {
				got[property] = r.Properties[property]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("properties (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[string]any{"BuildMethod": "go1.x"}, r.Metadata); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			uri, _ := r.Properties["CodeUri"].(string)
			if _, err := os.Stat(filepath.Join("..", uri, "main.go")); err != nil {
				t.Errorf("CodeUri %q holds no main package: %v", uri, err)
			}
			logging, _ := r.Properties["LoggingConfig"].(map[string]any)
			group, _ := logging["LogGroup"].(string)
			if tmpl.Resources[group].Properties["RetentionInDays"] == nil {
				t.Errorf("the log group %q is kept for ever: give it RetentionInDays", group)
			}
			if logging["LogFormat"] != "JSON" {
				t.Error("LogFormat must be JSON: the function writes JSON, and Lambda filters by level only then")
			}
			if r.Properties["Policies"] != nil || r.Properties["Role"] == nil {
				t.Error("give the function a role of its own: the one that SAM makes may write to every log group")
			}
		})
	}
}

func TestTemplate_Webhook(t *testing.T) {
	properties := read(t).Resources["WebhookFunction"].Properties
	if properties["Timeout"] != uint64(14) {
		t.Errorf("Timeout is %v, want 14: Datadog waits 15 s, and the answer must come before", properties["Timeout"])
	}
	if limit, ok := properties["ReservedConcurrentExecutions"]; ok {
		t.Errorf("ReservedConcurrentExecutions is %v, want none: a throttled Function URL answers 429, which Datadog does not repeat", limit)
	}
	url, _ := properties["FunctionUrlConfig"].(map[string]any)
	if diff := cmp.Diff(map[string]any{"AuthType": "NONE"}, url); diff != "" {
		t.Errorf("the Function URL must be open, because Datadog cannot sign, and buffered, because the handler is (-want +got):\n%s", diff)
	}
}

func TestTemplate_grants_nothing_by_wildcard(t *testing.T) {
	grants := []string{"Action", "Resource", "Principal", "AWS", "Service"}
	seen := 0
	for name, r := range read(t).Resources {
		walk(r.Properties, func(key string, value any) {
			text, ok := value.(string)
			if !ok || !slices.Contains(grants, key) {
				return
			}
			seen++
			if strings.Contains(text, "*") {
				t.Errorf("%s grants %s %q: name what the function uses", name, key, text)
			}
		})
	}
	if seen == 0 {
		t.Error("the template grants nothing at all: this test guards nothing")
	}
}

func TestTemplate_is_described(t *testing.T) {
	tmpl := read(t)
	for name, p := range tmpl.Parameters {
		if p.Description == "" {
			t.Errorf("the parameter %s has no description", name)
		}
	}
	for name, o := range tmpl.Outputs {
		if o.Description == "" {
			t.Errorf("the output %s has no description", name)
		}
	}
}

func read(t *testing.T) template {
	t.Helper()
	raw, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tmpl template
	if err := yaml.Unmarshal(raw, &tmpl); err != nil {
		t.Fatalf("template.yaml: %v", err)
	}
	return tmpl
}

func serverlessFunctions(t *testing.T, tmpl template) map[string]resource {
	t.Helper()
	found := maps.Clone(tmpl.Resources)
	maps.DeleteFunc(found, func(_ string, r resource) bool { return r.Type != serverlessFunction })
	for name := range functions {
		if _, ok := found[name]; !ok {
			t.Errorf("template.yaml has no function %s", name)
		}
	}
	return found
}

func environment(t *testing.T, r resource) map[string]string {
	t.Helper()
	block, _ := r.Properties["Environment"].(map[string]any)
	variables, _ := block["Variables"].(map[string]any)
	set := make(map[string]string, len(variables))
	for name, value := range variables {
		text, ok := value.(string)
		if !ok {
			t.Errorf("%s is %v, and an environment holds text", name, value)
		}
		set[name] = text
	}
	return set
}

// walk calls visit for each key of a tree of maps and lists, with its value; a
// list's items come under the list's key.
func walk(tree map[string]any, visit func(key string, value any)) {
	for key, value := range tree {
		visit(key, value)
		for _, item := range items(value) {
			if below, ok := item.(map[string]any); ok {
				walk(below, visit)
			} else {
				visit(key, item)
			}
		}
	}
}

func items(value any) []any {
	switch value := value.(type) {
	case map[string]any:
		return []any{value}
	case []any:
		return value
	}
	return nil
}
