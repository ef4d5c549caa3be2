package check

import (
	"regexp"
	"testing"
)

// A rule compiles its patterns at their first use, which may be long after a release.
func TestRules_Compile(t *testing.T) {
	t.Parallel()
	for _, all := range [][]rule{yamlRules, valueRules, expressionRules, templateRules} {
		for _, r := range all {
			for _, pattern := range []string{r.message, r.source} {
				if _, err := regexp.Compile(pattern); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
