package schema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/schema"
	"boomerang/shared/enrich"
)

type file struct {
	Steps []step            `yaml:"steps" required:"true" doc:"The steps."`
	Then  []step            `yaml:"then" doc:"More steps."`
	Words map[string]string `yaml:"words" doc:"Words with < and >."`
	Any   any               `yaml:"any" doc:"Anything."`
	Sure  bool              `yaml:"sure" doc:"Sure."`
	Share float64           `yaml:"share" doc:"A share."`
	Inner string
}

type step struct {
	Uses string        `yaml:"uses" required:"true" doc:"The kind."`
	With ast.Node      `yaml:"with" doc:"The settings."`
	Wait time.Duration `yaml:"wait" doc:"A while."`
}

type settings struct {
	Depth int `yaml:"depth" doc:"How deep."`
}

func kinds() []enrich.Kind {
	return []enrich.Kind{
		enrich.KindOf(enrich.Kind{Name: "dig", Doc: "It digs.", Permissions: []string{"a_read", "b_read"}}, func(settings, time.Duration) enrich.Step { return nil }),
		enrich.KindOf(enrich.Kind{Name: "rest", Doc: "It rests."}, func(struct{}, time.Duration) enrich.Step { return nil }),
	}
}

type embedded struct {
	Count int `json:"count"`
}

const want = `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "A file",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "steps": {
      "description": "The steps.",
      "type": "array",
      "items": {"$ref": "#/definitions/step"}
    },
    "then": {"description": "More steps.", "type": "array", "items": {"$ref": "#/definitions/step"}},
    "words": {"description": "Words with < and >.", "type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
    "any": {"description": "Anything."},
    "sure": {"description": "Sure.", "type": "boolean"},
    "share": {"description": "A share.", "type": "number"}
  },
  "required": ["steps"],
  "definitions": {"step": {
        "type": "object",
        "additionalProperties": false,
        "properties": {
          "uses": {
            "description": "The kind.",
            "enum": ["dig", "rest"],
            "enumDescriptions": ["It digs. It needs a_read and b_read.", "It rests."]
          },
          "with": {"description": "The settings."},
          "wait": {
            "description": "A while.",
            "type": ["string", "integer"],
            "pattern": "^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$",
            "minimum": 0,
            "maximum": 0
          }
        },
        "required": ["uses"],
        "allOf": [
          {
            "if": {"properties": {"uses": {"const": "dig"}}, "required": ["uses"]},
            "then": {"properties": {"with": {
              "description": "It digs. It needs a_read and b_read.", "type": "object", "additionalProperties": false,
              "properties": {"depth": {"description": "How deep.", "type": "integer"}}
            }}}
          },
          {
            "if": {"properties": {"uses": {"const": "rest"}}, "required": ["uses"]},
            "then": {"properties": {"with": {"description": "It rests.", "type": "object", "additionalProperties": false, "properties": {}}}}
          }
        ]
  }}
}`

func TestOf(t *testing.T) {
	got, err := schema.Of(reflect.TypeFor[file](), "A file", kinds())
	if err != nil {
		t.Fatal(err)
	}
	var wanted, have any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &have); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, have); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
	text := string(got)
	if strings.Index(text, `"steps"`) > strings.Index(text, `"words"`) || !strings.Contains(text, "Words with < and >.") {
		t.Errorf("it is not in the order of the fields, or not for people:\n%s", text)
	}
}

func TestSteps(t *testing.T) {
	type part struct {
		Of string `yaml:"of" doc:"Of what | or whom."`
	}
	type config struct {
		Parts []part `yaml:"parts" doc:"The parts."`
		One   part   `yaml:"one" doc:"One part."`
		Own   string
	}
	type data struct {
		Name  string    `json:"name"`
		At    time.Time `json:"at,omitzero"`
		All   [][]part  `json:"all"`
		Pages []struct {
			URL string `json:"url"`
		} `json:"pages,omitempty"`
		Own string `json:"-"`
		embedded
	}
	kinds := append(kinds(), enrich.KindOf(enrich.Kind{Name: "take", Doc: "It takes apart.", Data: data{}}, func(config, time.Duration) enrich.Step { return nil }))
	want := "# Steps\n\nWritten from the code by `make schema`.\n\n| step | finds | needs |\n|---|---|---|\n" +
		"| [dig](#dig) | It digs. | `a_read`, `b_read` |\n| [rest](#rest) | It rests. | nothing |\n| [take](#take) | It takes apart. | nothing |\n" +
		"\n## dig\n\nIt digs.\n\n| with | |\n|---|---|\n| `depth` | How deep. |\n" +
		"\n## rest\n\nIt rests.\n" +
		"\n## take\n\nIt takes apart.\n\n| with | |\n|---|---|\n| `parts` | The parts. |\n| `parts[].of` | Of what \\| or whom. |\n" +
		"| `one` | One part. |\n| `one.of` | Of what \\| or whom. |\n" +
		"\nLater steps and templates see `steps.take.`: `ok`, `name`, `at`, `all[][]`, `pages[].url`, `count`.\n"
	if diff := cmp.Diff(want, string(schema.Steps(kinds))); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}
