package playbooktest_test

import (
	"strings"
	"testing"

	"boomerang/functions/local/playbooktest"
)

func TestLoad_Invalid(t *testing.T) {
	for name, c := range map[string]struct {
		tests string
		says  []string
	}{
		"all problems at once": {`
cases:
  - name: one
    alert: {tags: ["service:checkout"]}
    steps:
      owner: {data: {team: a}, error: b}
      ownr: {skip: x}
    expect: {}
  - name: one
    expect: {title: x}
  - name: two
    event: nowhere.json
    alert: {title: x}
    expect: {title: x}
  - name: three
    event: nowhere.json
    expect: {title: x}
`, []string{
			"a.test.yaml:6:14: a stub needs exactly one of", `no playbook has a step "ownr"; use one of again, owner, tell`,
			"needs an expectation", "needs its own name", "either an event file or an alert", "nowhere.json",
		}},
		"unknown key":               {"cases:\n  - {name: a, alert: {title: x}, expct: {title: x}}", []string{`unknown key "expct"; did you mean "expect"?`}},
		"unknown key of a stub":     {"cases:\n  - {name: a, alert: {title: x}, steps: {owner: {value: 3}}, expect: {title: x}}", []string{`unknown key "value"; use one of data`}},
		"unknown key for the alert": {"cases:\n  - {name: a, alrt: {title: x}, expect: {title: x}}", []string{`unknown key "alrt"; did you mean "alert"?`}},
		"one time without a unit":   {"cases:\n  - {name: a, alert: {title: x}, steps: {owner: {timeout: 5}}, expect: {title: x}}", []string{"timeout must be a duration with its unit: write 5s"}},
		"one value for a stub":      {"cases:\n  - {name: a, alert: {title: x}, steps: {owner: fails}, expect: {title: x}}", []string{"owner must be a mapping: write key: value"}},
		"one case without a name":   {"cases:\n  - {alert: {title: x}, expect: {title: x}}", []string{`missing key "name"`}},
		"one case without expect":   {"cases:\n  - {name: a, alert: {title: x}}", []string{`missing key "expect"`}},
		"one list of tags":          {"cases:\n  - {name: a, alert: {title: x}, expect: {tags: [a]}}", []string{"a.test.yaml:2:49: tags must be a mapping: write tags: {contains: […]}"}},
		"one of two times":          {"cases:\n  - {name: a, alert: {title: x}, earlier: [{before: 26, lasted: 1 hour}], expect: {title: x}}", []string{"before must be a duration with its unit: write 26s for seconds", "lasted must be a duration: write 1h"}},
		"unknown keys":              {"cases:\n  - {name: a, alert: {title: x}, expect: {titles: x}}", []string{`unknown key "titles"; did you mean "title"?`}},
		"mistakes of two cases":     {"cases:\n  - {name: a, alert: {title: x}, expct: {title: x}}\n  - {name: b, alert: {title: x}, steps: {owner: {skip: x, error: y}}, expect: {}}", []string{`unknown key "expct"`, "exactly one of data", "needs an expectation"}},
		"no case":                   {"cases: []", []string{"there is no case"}},
		"missing playbooks":         {"playbooks: none.yaml\ncases:\n  - {name: a, alert: {title: x}, expect: {title: x}}", []string{"none.yaml"}},
		"two readings": {
			"cases:\n  - {name: a, alert: {priority: 010}, expect: {title: x}, steps: {owner: {data: {team: 08, tier: &a 1}}}}",
			[]string{"a.test.yaml:2:33: 010: write the number without leading zeros", "a.test.yaml:2:88: 08: ", "a.test.yaml:2:98: anchors"},
		},
		"not YAML":   {"cases: [", []string{"a.test.yaml"}},
		"deep alert": {"cases:\n  - {name: a, alert: {x: " + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "}, expect: {title: x}}", []string{"a.test.yaml:2"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := suite(t, playbooks, c.tests)
			if err == nil {
				t.Fatal("no error")
			}
			if one := strings.HasPrefix(name, "unknown key") || strings.HasPrefix(name, "one "); one && strings.Count(err.Error(), "\n") >= len(c.says) {
				t.Errorf("%d mistakes give\n%v", len(c.says), err)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in:\n%v", want, err)
				}
			}
		})
	}
	if _, err := playbooktest.Load("none.test.yaml", kinds); err == nil {
		t.Error("a missing file was loaded")
	}
}

func TestRun_InvalidStub(t *testing.T) {
	for answer, why := range map[string]string{"{teem: shop}": `unknown field "teem"`, "{tier: high}": "tier cannot have a value of the type string", "[1]": "data cannot have a value of the type array"} {
		s, _, err := suite(t, playbooks, "cases:\n  - {name: one, alert: {tags: ['service:checkout']}, expect: {playbooks: [checkout]}, steps: {owner: {data: "+answer+"}}}")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Run(t.Context(), false); err == nil || !strings.Contains(err.Error(), "a.test.yaml:2:109: the step owner cannot find this: "+why) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}
