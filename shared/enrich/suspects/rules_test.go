package suspects

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestRules_Documented holds the table of README.md to the rules.
func TestRules_Documented(t *testing.T) {
	var table strings.Builder
	table.WriteString("| rule | condition | weight | example |\n|---|---|---|---|\n")
	for _, r := range rules {
		weight := fmt.Sprint(r.weight)
		if r.support != nil {
			weight = "+" + weight
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", r.name, r.condition, weight, r.example)
		if (r.find == nil) == (r.support == nil) {
			t.Errorf("%s finds and supports, or neither", r.name)
		}
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), table.String()) {
		t.Errorf("README.md lacks the table of the rules:\n%s", &table)
	}
}
