package suspects

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestRules_Documented holds the rules to the table of README.md.
func TestRules_Documented(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, want []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| [^|]+ \\| (\\+?[\\d.]+) \\| [^|]+ \\|$").FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, row[1]+" "+row[2])
	}
	for _, r := range rules {
		weight := fmt.Sprint(r.weight)
		if r.support != nil {
			weight = "+" + weight
		}
		want = append(want, r.name+" "+weight)
	}
	if !slices.Equal(documented, want) {
		t.Errorf("README.md has %q, want %q", documented, want)
	}
}
