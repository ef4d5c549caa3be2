package event_test

import (
	"strings"
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

func TestCompose_CodeFence(t *testing.T) {
	for name, c := range map[string]struct{ message, want string }{
		"left open":                 {"Look:\n```\nlogs", "\n```\nlogs\n```\n\n[Graph]("},
		"left open with tildes":     {"Look:\n~~~sh\nlogs\n```", "\n~~~sh\nlogs\n```\n~~~\n\n[Graph]("},
		"left open by a shorter":    {"`````\nlogs\n```", "`````\nlogs\n```\n`````\n\n[Graph]("},
		"left open in a list":       {"1. Look:\n   ```\n   logs", "   ```\n   logs\n   ```\n\n[Graph]("},
		"left open in a quotation":  {"> ```\n> logs", "> ```\n> logs\n> ```\n\n[Graph]("},
		"truncated":                 {"Look:\n```\n" + strings.Repeat("a log line\n", 500) + "```\nbye", "log line\n```\n\n_(2619 characters left out)_\n\n```\na log line\n"},
		"truncated before the code": {strings.Repeat("m", 3000) + "\n```\n" + strings.Repeat("a log line\n", 500) + "```", "m…\n\n_(5618 characters left out)_\n\n```\na log line\n"},
		"truncated, left open":      {"Look:\n```\n" + strings.Repeat("a log line\n", 500), "a log line\n```\n\n[Graph]("},
		"closed":                    {"```\nlogs\n```", "```\nlogs\n```\n\n[Graph]("},
		"closed by a longer":        {"~~~\nlogs\n ~~~~ \nbye", "\n ~~~~ \nbye\n\n[Graph]("},
		"one line of code":          {"```logs``` are `there`", "```logs``` are `there`\n\n[Graph]("},
		"the second left open":      {"```\na\n```\n```\nb", "```\na\n```\n```\nb\n```\n\n[Graph]("},
	} {
		t.Run(name, func(t *testing.T) {
			a := triggered()
			a.Message = c.message
			e, _ := mustCompose(t, a, draft, results())
			if !strings.Contains(e.Text, c.want) {
				t.Errorf("no %q in %s", c.want, e.Text)
			}
		})
	}
}

func TestCompose_LongLink(t *testing.T) {
	address := "https://ci.example.com/" + strings.Repeat("x", 480)
	long := strings.Repeat("Deployed [it] * ", 60)
	list := func(tag string) enrich.Block {
		return enrich.List{Items: []enrich.Item{{Time: now, Tag: tag, Text: long, URL: address}}}
	}
	for name, c := range map[string]struct {
		block enrich.Block
		whole bool
	}{
		"of an entry":  {list("deploy"), true},
		"of a page":    {enrich.Links{{Kind: "runbook", Title: long, URL: address}}, true},
		"of a picture": {enrich.Image{Title: long, URL: address}, true},
		"without room": {list(strings.Repeat("tag ", 250)), false},
	} {
		t.Run(name, func(t *testing.T) {
			found := enrich.Result{Name: "x", Status: enrich.OK, Finding: enrich.Finding{Title: "Found", Blocks: []enrich.Block{c.block, enrich.Paragraph(strings.Repeat("word ", 300))}}}
			e, _ := mustCompose(t, alert.Alert{ID: "1"}, draft, []enrich.Result{found})
			if c.whole != strings.Contains(e.Text, "…]("+address+")") || strings.Contains(e.Text, "https:") != c.whole {
				t.Errorf("got %s", e.Text)
			}
		})
	}
}
