package check_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/mistakes.txt")

// parserWords are words of YAML's, expr's and text/template's parsers, and of Go.
var parserWords = regexp.MustCompile(`token|Operator\(|operand"|interface \{|\bEOF\b|!!str|unmarshal|mismatched|int64|bool\b|regexp|U\+|not allowed in this context|expected '`)

// wholeFile matches a mistake with all of its file, and not a playbook's keys only.
var wholeFile = regexp.MustCompile(`^(playbo|name: a\n|<<<|%)`)

// TestFile_Mistakes has typical mistakes. A problem or warning says where each is and what to
// write.
func TestFile_Mistakes(t *testing.T) {
	const path, arrow = "testdata/mistakes.txt", "\n-> "
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for row := range strings.SplitSeq(strings.TrimSpace(string(content)), "\n\n") {
		source, want, _ := strings.Cut(row, arrow)
		text := source
		if !wholeFile.MatchString(source) {
			text = one(source)
		}
		report := file(strings.TrimSuffix(text, "\n") + "\n")
		var problems []string
		if report.Err != nil {
			problems = strings.Split(report.Err.Error(), "\n")
		}
		for _, w := range report.Warnings {
			problems = append(problems, w.String())
		}
		got := strings.ReplaceAll(arrow+strings.Join(problems, arrow), arrow+"test.yaml:", arrow)[len(arrow):]
		if all = append(all, source+arrow+got); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", source, got, want)
		}
		if word := parserWords.FindString(got); word != "" && !strings.Contains(source, word) {
			t.Errorf("%s: %q is a word of a parser", got, word)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(all, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
