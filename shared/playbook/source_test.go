package playbook_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/playbook"
)

func TestRead_is_as_strict_as_playbooks_are(t *testing.T) {
	var into struct {
		Wait time.Duration  `yaml:"wait"`
		Any  map[string]any `yaml:"any"`
	}
	source := playbook.Read("a.yaml", []byte("wait: 2s\nany: {tags: [a, 1]}\n"), &into)
	if err := source.Err(); err != nil || into.Wait != 2*time.Second || len(into.Any["tags"].([]any)) != 2 {
		t.Errorf("%+v, %v", into, err)
	}
	source.Report("any.tags[1]", "no %s", "tag")
	source.Report("wait", "too long")
	var problems playbook.Problems
	if !errors.As(source.Err(), &problems) {
		t.Fatalf("got %v", source.Err())
	}
	want := playbook.Problems{{File: "a.yaml", Line: 1, Column: 7, Text: "too long"}, {File: "a.yaml", Line: 2, Column: 17, Text: "no tag"}}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if err := playbook.Read("a.yaml", []byte("wiat: 2s"), &into).Err(); err == nil || err.Error() != `a.yaml:1:1: unknown key "wiat"; did you mean "wait"?` {
		t.Errorf("got %v", err)
	}
	if err := playbook.Read("a.yaml", []byte("["), &into).Err(); err == nil {
		t.Error("what is no YAML is read")
	}
}

func TestShape_is_that_of_a_playbook_file(t *testing.T) {
	if f, ok := playbook.Shape().FieldByName("Playbooks"); !ok || f.Tag.Get("yaml") != "playbooks" || f.Tag.Get("doc") == "" {
		t.Errorf("got %v", playbook.Shape())
	}
}
