package scope

import (
	"fmt"
	"strings"
	"testing"
)

var checkout = []string{"service:web-store", "env:Prod", "team:data platform", "url:https://a.b/c", "boomerang", "host:a", "host:b"}

func TestParse_Documented(t *testing.T) {
	for text, want := range map[string]Answer{
		"service:web-store":                                     Yes,
		"service:web-store AND env:prod":                        Yes,
		"service:web-store AND NOT env:staging":                 Yes,
		"service:web-store AND  NOT env:prod":                   No,
		"env:*":                                                 Yes,
		"region:*":                                              No,
		"service:web-store env:prod":                            Yes,
		"service:web-store env:dev":                             No,
		"service:web-store AND (env:prod OR env:staging)":       Yes,
		"NOT (env:staging OR env:dev)":                          Yes,
		"env:(prod OR staging)":                                 Yes,
		"env:(dev OR staging)":                                  No,
		"NOT env:(dev OR staging)":                              Yes,
		`team:"data platform"`:                                  Yes,
		`team:("data platform" OR web)`:                         Yes,
		`url:"https://a.b/c"`:                                   Yes,
		"SERVICE:WEB-STORE AND env:PROD":                        Yes,
		"host:a AND host:b":                                     Yes,
		"env:dev OR env:prod":                                   Yes,
		"((env:prod))":                                          Yes,
		"NOT NOT env:prod":                                      Yes,
		"(env:prod) AND NOT service:boomerang":                  Yes,
		"NOT(env:prod)":                                         No,
		"team:web AND NOT env:dev AND service:(x OR web-store)": No,
		"env:" + strings.Repeat("é", maxLength-4):               No,
	} {
		s, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := s(checkout); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

// Where AND and OR meet without parentheses, only tags on which all readings agree decide.
func TestParse_Mixed(t *testing.T) {
	s, err := Parse("a:1 OR b:1 AND c:1")
	if err != nil {
		t.Fatal(err)
	}
	for tags, want := range map[string]Answer{
		"a:1 c:1": Yes, "b:1 c:1": Yes, "a:1 b:1 c:1": Yes, "c:1": No, "b:1": No, "": No,
		"a:1": Undecided, "a:1 b:1": Undecided,
	} {
		if got := s(strings.Fields(tags)); got != want {
			t.Errorf("%q: got %v, want %v", tags, got, want)
		}
	}
	if s, err = Parse("NOT (a:1 OR b:1 AND c:1)"); err != nil || s([]string{"a:1"}) != Undecided || s(nil) != Yes {
		t.Errorf("its opposite: %v", err)
	}
}

func TestParse_Undocumented(t *testing.T) {
	for _, text := range []string{
		"", " ", "prod", "prod AND service:a", "*", "env", "env:", "env: prod", ":prod", "env:prod-*", "env:pr?d", `env:"pr*"`, `env:"a\"b"`, `env:""`,
		"-env:prod", "!env:prod", "env:prod && host:a", "env:prod || host:a", "env:prod,host:a", "env:a:b", "@env:prod", "env:>5", "env:[1 TO 2]", "env:prod}",
		"AND", "OR env:prod", "env:prod OR", "env:prod AND", "NOT", "env:prod NOT", "env:prod AND OR env:dev", "env:()", "()", "(env:prod", "env:prod)", "env:(prod",
		"env:(host:a)", "env:(a OR host:(b))", "env:(*)", "env:(AND)", "env:(a OR OR)", "*:prod", `"env:prod"`, `env:"prod"x`, `env:prod"x"`, "env:prod and", "{{env.name}}", "env:{{x}}",
		"1:a", "env:\x00", "env:'prod'", "env:prod#1", "env:prod\v", "\u00a0env:prod", strings.Repeat("(", 1000), "env:" + strings.Repeat("x", maxLength),
	} {
		if s, err := Parse(text); err == nil || s(checkout) != Undecided || s(nil) != Undecided {
			t.Errorf("%q is accepted", text)
		}
	}
}

// FuzzParse holds that a scope is decided alike however it is nested, and its opposite
// answers the opposite.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"env:prod", "a:1 OR b:1 AND c:1", `env:(prod OR "x y") NOT host:*`, "((a:b) c:d", "env:(NOT a AND b)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		got := s(checkout)
		for format, want := range map[string]Answer{"(%s)": got, "NOT (%s)": got.Not(), "(%s) AND (%[1]s)": got, "(%s) OR region:*": got, " %s\n": got} {
			again, err := Parse(fmt.Sprintf(format, text))
			if err != nil && len(text) < maxLength/3 {
				t.Errorf("%q in %q: %v", text, format, err)
			} else if err == nil && again(checkout) != want {
				t.Errorf("%q in %q: got %v, want %v", text, format, again(checkout), want)
			}
		}
	})
}
