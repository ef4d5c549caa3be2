package playbook_test

import (
	"fmt"
	"strings"
	"testing"

	"boomerang/shared/playbook"
)

// TestRead_YAML checks values that readers of YAML take for different things.
func TestRead_YAML(t *testing.T) {
	for source, want := range map[string]string{
		// Blocks that end the file.
		"text: |2\n    x\n":                    `"  x\n"`,
		"text: |2\n    x\n\n":                  `"  x\n"`,
		"text: |2\n    x\n\n\n \n":             `"  x\n"`,
		"text: |2-\n    x\n\n":                 `"  x"`,
		"text: |2+\n    x\n\n":                 `"  x\n\n"`,
		"text: >2\n    x\n   y\n\n":            `"  x\n y\n"`,
		"text: |2\r\n    x\r\n\r\n":            `"  x\n"`,
		"\ufefftext: |2\n    x\n\n":            `"  x\n"`,
		"text: |2\n    x\n\n# a comment\n":     `"  x\n"`,
		"text: |2 # a comment\n    x\n\n":      `"  x\n"`,
		"any:\n  - |2\n      x\n\n":            `[]interface {}{"  x\n"}`,
		"any:\n  a:\n    b: |2\n        x\n\n": `map[string]interface {}{"a":map[string]interface {}{"b":"  x\n"}}`,
		"text: |\n":                            `""`,
		"text: |\n  x\n\n":                     `"x\n"`,
		"text: |+\n  x\n\n":                    `"x\n\n"`,
		"text: |\n\n  x\n # a comment\n":       `"\nx\n"`,
		"text: |2\n    x\n\nlimit: [\n":        "5:1: invalid YAML",
		"text: |\n  x\n\ty\n":                  "found a tab character where an indentation space is expected",

		// Numbers.
		"limit: 010":     "1:8: limit must be a number with one reading: write the number without leading zeros and without _",
		"limit: -010":    "without leading zeros",
		"limit: 08":      "without leading zeros",
		"limit: 00":      "without leading zeros",
		"limit: 0_7":     "without leading zeros",
		"limit: 1_000":   "without _",
		"limit: 0x1_0":   "without _",
		"limit: 0b11":    "without leading zeros",
		"limit: 1e3":     "limit must be a whole number",
		"limit: 1:30":    "limit must be a whole number",
		"limit: 5.0":     "limit must be a whole number",
		`limit: "5"`:     "limit must be a whole number",
		"limit: +5":      "5",
		"limit: 0o10":    "8",
		"limit: 0x10":    "16",
		"scale: 1e3":     "1000",
		"scale: -.5":     "-0.5",
		"scale: .inf":    "scale must be a number",
		"scale: 010.5":   "without leading zeros",
		"scale: 1_000.5": "without _",
		"any: 010":       "1:6: 010: write the number without leading zeros and without _, or quote a text",
		"any: [1, 08]":   "without leading zeros",
		"any: {a: 1_0}":  "without _",
		`any: "010"`:     `"010"`,
		"any: 01-02-26":  `"01-02-26"`,
		"any: 007_bond":  `"007_bond"`,
		"any: 010.0.0.1": `"010.0.0.1"`,
		"any: 1e3":       "1000",
		"any: 1.10":      "1.1",
		"any: 0.5":       "0.5",
		"any: 0":         "0",
		"any: 1:30":      `"1:30"`,
		"text: 010":      `"010"`,
		"text: 1_000":    `"1_000"`,
		"text: 1e3":      `"1e3"`,

		// Booleans, dates, nothing.
		"flag: yes":        "flag must be true or false",
		"flag: on":         "flag must be true or false",
		"flag: n":          "flag must be true or false",
		"flag: TRUE":       "true",
		"any: yes":         `"yes"`,
		"any: 2026-11-29":  `"2026-11-29"`,
		"text: off":        `"off"`,
		"text: 2026-11-29": `"2026-11-29"`,
		"text: ~":          `""`,
		"any: {yes: 1}":    `map[string]interface {}{"yes":1}`,
		"any: {1: a}":      `map[string]interface {}{"1":"a"}`,

		// Tabs.
		"text: a\tb":      "1:7: there is a tab in the text: quote the text, or use spaces",
		"text: 'a\tb'":    `"a\tb"`,
		"text: |\n  a\tb": `"a\tb"`,
		"text:\ta\t# b":   `"a"`,
		"any:\n\ta: b":    "2:1: invalid YAML",

		// What is left out of YAML.
		"any: &a b":                "anchors (&)",
		"&a any: b":                "anchors (&)",
		"any: {*a : b}":            "unknown anchor",
		"any: [b, *any]":           "unknown anchor",
		"any: !!str 5":             "tags (!)",
		"any: {<<: {a: b}}":        "merges (<<)",
		"any: {? a : b}":           `map[string]interface {}{"a":"b"}`,
		"any:\n  ? a\n  : b":       `map[string]interface {}{"a":"b"}`,
		"any: {[a]: b}":            "1:7: a key must be a text",
		"%YAML 1.1\n---\ntext: a":  `"a"`,
		"text: a\n---\n":           `"a"`,
		"--- # a\ntext: a\n...\n":  `"a"`,
		"text: a\rany:\r\n  - b\r": `[]interface {}{"b"}`,
	} {
		var got struct {
			Text  string  `yaml:"text"`
			Limit int     `yaml:"limit"`
			Scale float64 `yaml:"scale"`
			Flag  bool    `yaml:"flag"`
			Any   any     `yaml:"any"`
		}
		text := fmt.Sprint(playbook.Read("a.yaml", []byte(source), &got, &playbook.Checks{}).Err())
		if text == "<nil>" {
			values := map[string]any{"text": got.Text, "limit": got.Limit, "scale": got.Scale, "flag": got.Flag, "any": got.Any}
			lines := strings.FieldsFunc(strings.TrimPrefix(source, "\ufeff"), func(r rune) bool { return r == '\n' || r == '\r' })
			for _, line := range lines {
				if key, _, ok := strings.Cut(line, ":"); ok && values[key] != nil {
					text = fmt.Sprintf("%#v", values[key])
				}
			}
			if text != want {
				t.Errorf("%q is %s, want %s", source, text, want)
			}
		} else if !strings.Contains(text, want) || strings.Contains(text, "\n") {
			t.Errorf("%q: the error is %s, want %s", source, text, want)
		}
	}
}
