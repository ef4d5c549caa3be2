package enrichtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/enrich"
)

func TestProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		finding enrich.Finding
		want    []string
	}{
		"good": {enrich.Finding{
			Title: "Monitor", Weight: enrich.Essential, Data: map[string]int{"failing": 1},
			Blocks: []enrich.Block{enrich.Facts{{Name: "a", Value: "b"}}, enrich.List{Items: []enrich.Item{{Text: "a"}}}, enrich.Code("a"), enrich.Image{URL: "https://x"}},
		}, nil},
		"empty": {enrich.Finding{}, []string{"no title", "weight 0", "0 of 0 blocks are not empty", "data is not a JSON object with keys: null, <nil>"}},
		"bad leads": {enrich.Finding{
			Title: "Monitor", Weight: enrich.Useful, Data: map[string]int{"a": 1}, Blocks: []enrich.Block{enrich.Code("a")},
			Lead: []enrich.Lead{{Answer: enrich.What, Text: "2 of 14 groups"}, {Text: "a"}, {Answer: enrich.Owner}},
		}, []string{`lead "", "a"`, `lead "owner", ""`}},
		"empty blocks": {
			enrich.Finding{Title: "Monitor", Weight: enrich.Useful, Data: map[string]int{"a": 1}, Blocks: []enrich.Block{nil, enrich.Facts{}, enrich.List{}, enrich.Code("a"), enrich.Image{}}},
			[]string{"1 of 5 blocks are not empty"},
		},
	} {
		if diff := cmp.Diff(tt.want, problems(tt.finding), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", name, diff)
		}
	}
}

func TestEveryStepRunsTheSuite(t *testing.T) {
	isStep, isTested := map[string]bool{}, map[string]bool{"lookup": true} // lookup calls no service.
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Base(filepath.Dir(file))
		if strings.HasSuffix(file, "_test.go") {
			isTested[folder] = isTested[folder] || strings.Contains(string(source), "enrichtest.")
		} else if strings.Contains(string(source), "enrich.KindOf(") {
			isStep[folder] = true
		}
	}
	for folder := range isStep {
		if !isTested[folder] {
			t.Errorf("no test of the step in %s runs the conformance suite", folder)
		}
	}
}
