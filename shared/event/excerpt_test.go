package event_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"boomerang/shared/enrich"
)

func TestCompose_LongMessage(t *testing.T) {
	const runbook = "Next: [the pages of checkout](https://wiki.example.com/pages/checkout?section=errors&team=payments)"
	const footer = "\n\nThe monitor was last triggered at Wed Oct 01 2025 18:37:04 UTC.\n\n- - -\n\n[[Monitor Status](https://app.datadoghq.com/monitors/4711)] · [[Edit Monitor](https://app.datadoghq.com/monitors/4711/edit)]"
	// numbered returns a text for each number in its %d, because no line is said twice and no page linked twice.
	numbered := func(n int, format string) string {
		var all strings.Builder
		for i := range n {
			all.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)))
		}
		return all.String()
	}
	lines := numbered(300, "a line of the log, which is number %d and says little\n")
	words := strings.Repeat("word ", 2000)
	for name, c := range map[string]struct {
		message string
		keeps   []string
	}{
		"lines":    {"It fails.\n" + lines + runbook, []string{"It fails.\na line", "\n\n_(", "out)_\n\na line of", "little\n" + runbook}},
		"one line": {"It fails. " + words + runbook, []string{"It fails. word", "word…\n\n_(", "out)_\n\n…word", "word " + runbook}},
		"one word": {"It fails:" + strings.Repeat("x", 9000) + ":it", []string{"It fails:x", "x…\n\n_(", "out)_\n\n…x", "x:it"}},
		"links": {
			numbered(90, "[![Metric Graph](https://p.datadoghq.com/snapshot/%d.png)](https://app.datadoghq.com/monitors/%d?event_id=1) "),
			[]string{"?event_id=1)…\n\n_(", "out)_\n\n…[![Metric Graph](https://p.datadoghq.com/snapshot/"},
		},
		"links over a line":     {numbered(90, strings.Replace(runbook, "/checkout?", "/%d?", 1)+" "), []string{"\n\n_(", "out)_\n\n…"}},
		"open brackets":         {"[1 [2 " + words + "end", []string{"word…\n\n_(", "out)_\n\n…word", "word end"}},
		"code":                  {"Look:\n```sh\n" + lines + "```\n" + runbook, []string{"little\n```\n\n_(", "out)_\n\n```\na line", "little\n```\n" + runbook}},
		"code in a list":        {"1. Look:\n   ~~~\n   " + strings.ReplaceAll(lines, "\n", "\n   ") + "~~~\n" + runbook, []string{"little\n   ~~~\n\n_(", "out)_\n\n   ~~~\n   a line", "~~~\n" + runbook}},
		"Datadog's footer":      {"It fails.\n" + lines + runbook + footer, []string{"It fails.", runbook}},
		"commands":              {strings.Repeat("deploy@web-1", 800), []string{"deploy@web-1deploy", "web-1deploy"}},
		"mentions":              {"ask " + strings.Repeat("@ops", 2500), nil},
		"mentions in addresses": {numbered(500, "https://a.example/%d?@ops "), []string{"?%40ops…\n\n_(", "…https://a.example/"}},
		"wide":                  {strings.Repeat("日本語 🙂\n", 2000) + "Ende", []string{"🙂\n\n_(", "out)_\n\n日本語", "\nEnde"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, found := range [][]enrich.Result{nil, results(), {{Status: enrich.OK, Finding: enrich.Finding{Title: "Log", Blocks: []enrich.Block{enrich.Code(lines)}}}}} {
				a := triggered()
				a.Message = c.message
				e, _ := mustCompose(t, a, draft, found)
				for _, keeps := range c.keeps {
					if !strings.Contains(e.Text, keeps) {
						t.Errorf("no %q in %s", keeps, e.Text)
					}
				}
				if strings.Count(e.Text, "[the pages of checkout](https://wiki.example.com/pages") != strings.Count(e.Text, "errors&team=payments)") || strings.Count(e.Text, "[the ") != strings.Count(e.Text, "payments)") {
					t.Errorf("a link is cut in %s", e.Text)
				}
				mustSayWhatIsMissing(t, e.Text)
			}
		})
	}
}

// mustSayWhatIsMissing compares the note in the gap with the one at the end.
func mustSayWhatIsMissing(t *testing.T, text string) {
	t.Helper()
	gap := regexp.MustCompile(`_\((\d+) characters left out\)_`).FindStringSubmatch(text)
	note := regexp.MustCompile(`_Left out, for Datadog's limit: (\d+) characters of the message`).FindStringSubmatch(text)
	if gap == nil || note == nil {
		t.Fatalf("no note in %s", text)
	}
	var inGap, inAll int
	_, _ = fmt.Sscan(gap[1], &inGap)
	_, _ = fmt.Sscan(note[1], &inAll)
	if inGap < 4000 || inAll < inGap {
		t.Errorf("%d in the gap, %d in all", inGap, inAll)
	}
}

// The fence that closes the code of a message needs room too.
func TestCompose_NoRoomForCode(t *testing.T) {
	for _, lines := range []int{1, 20, 60, 1000} {
		for _, url := range []int{300, 600, 880, 900, 930, 960} {
			a := triggered()
			a.Status, a.Scope = strings.Repeat("s", 300), strings.Repeat("c", 300)
			a.Link, a.Snapshot, a.Incident.URL = "https://a.example/"+strings.Repeat("x", url), "https://a.example/"+strings.Repeat("y", url), "https://a.example/"+strings.Repeat("z", url)
			a.Message = "                    `````````````\n" + strings.Repeat("a line of code\n", lines)
			mustCompose(t, a, draft, nil)
		}
	}
}

// A cut anywhere must leave a text that Datadog takes, and that notifies no one.
func TestCompose_MixedLongMessages(t *testing.T) {
	parts := []string{"@", "a@", "word ", "\n", "\n\n", "```\n", "~~~~sh\n", "   ```", "%", "%%%", "http://a.example/?", "[a b](", ")", "]", "[", "ops@all ", "日", "🙂", "＠", "\\", "`", "_", "%28", "- - -\n", "[[Monitor Status]("}
	random := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		var message strings.Builder
		few := random.Perm(len(parts))[:1+random.IntN(6)] // A text of few parts reaches more of its limits.
		for size := random.IntN(12_000); message.Len() < size; {
			message.WriteString(strings.Repeat(parts[few[random.IntN(len(few))]], 1+random.IntN(40)))
		}
		a := triggered()
		a.Message, a.Title, a.Status = message.String(), "[Triggered on {"+message.String()+"}] x", message.String()
		mustCompose(t, a, draft, results())
		if t.Failed() {
			t.Fatalf("the message is %q", message.String())
		}
	}
}
