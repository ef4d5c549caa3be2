package event_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// hostileTexts are repeated to any size. Each makes some pass over a text expensive if the
// pass reads a part of it more than once.
var hostileTexts = map[string]string{
	"ats":            "@",
	"addresses":      "a@b.io,",
	"long addresses": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_@",
	"backticks":      "`",
	"open brackets":  "[",
	"brackets":       "[a](",
	"groups":         "[{a,b}",
	"braces":         "[{",
	"percent":        "%",
	"pipes":          "|",
	"quotes":         `"'`,
	"escapes":        `\*_<&#`,
	"entities":       "&#0",
	"emojis":         "🙂",
	"newlines":       "\n",
	"lines":          "a\n",
	"returns":        "\r\n",
	"spaces":         " ",
	"URLs":           "http://",
	"URLs with at":   "http://a@",
	"fences":         "```\n",
	"tilde fences":   "~~~",
	"footers":        "\n- - -\n[[Monitor Status](",
	"images":         "[![g](https://a.example/x)](https://a.example/y) ",
	"tags":           "a:b,",
	"invalid":        "\xff",
	"invisible":      "\u202e\u200b@",
	"words":          "word ",
	"one word":       "w",
	"chat links":     "<https://a|b",
	"parentheses":    "https://a(",
	"colors":         "\x1b[",
	"counts":         "More than 1 a matched in the last ",
}

// everywhere has a text in every place that an alert or a finding can fill.
func everywhere(text string) (alert.Alert, event.Draft, []enrich.Result) {
	sample, _ := json.Marshal(text)
	a := alert.Alert{
		ID: text, Title: text, AlertTitle: text, Status: text, Scope: text, Message: text, Text: text, Hostname: text, CycleKey: text,
		Priority: text, Type: text, Transition: alert.Transition(text), Tags: alert.Tags{text, "a:" + text}, LogsSample: sample,
		Link: "https://a.example/" + text, Snapshot: text, MonitorID: text,
	}
	found := enrich.Finding{Title: text, Blocks: []enrich.Block{
		enrich.Paragraph(text), enrich.Code(text),
		enrich.Facts{{Name: text, Value: text}},
		enrich.Links{{Kind: text, Title: text, URL: "https://a.example/" + text}},
		enrich.List{Items: []enrich.Item{{Time: now, Tag: text, Text: text, URL: text}}},
		enrich.Image{Title: text, URL: "https://a.example/" + text},
	}, Data: map[string]any{"text": text, "list": []string{text}, text: 1}}
	return a, draft, []enrich.Result{
		{Name: "x", Status: enrich.OK, Finding: found},
		{Name: "y", Status: enrich.Failed, Err: fault.New(fault.Permanent, text, nil)},
	}
}

// processorTime is that of this process, which a busy machine does not change.
func processorTime() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// 16 times the text may take 16 times as long. A pass that reads it again and again would
// take 256 times as long, so the bound has a wide margin on both sides.
func TestCompose_LinearTime(t *testing.T) {
	fastest := func(text string, enough time.Duration) time.Duration {
		a, d, found := everywhere(text)
		best := time.Hour
		for tries := 0; tries < 5 && best > enough; tries++ { // A collection of garbage takes time, too.
			start := processorTime()
			event.Compose(a, d, found, now)
			event.ComposeAlert(a, d, found, now)
			best = min(best, processorTime()-start)
		}
		return best
	}
	for name, text := range hostileTexts {
		t.Run(name, func(t *testing.T) {
			small := max(fastest(strings.Repeat(text, 2<<10/len(text)), time.Millisecond/2), time.Millisecond/2)
			if large := fastest(strings.Repeat(text, 32<<10/len(text)), 64*small); large > 64*small {
				t.Errorf("2 KiB take %s and 32 KiB %s", small, large)
			}
		})
	}
}

// A text that grows link by link is copied for each, which shows in bytes and not yet in time.
func TestCompose_LinearMemory(t *testing.T) {
	allocated := func(kib int) uint64 {
		a := triggered()
		a.Message = strings.Repeat("[http://x.y", kib<<10/len("[http://x.y"))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		event.Compose(a, draft, nil, now)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if small, large := allocated(16), allocated(256); large > 32*small {
		t.Errorf("16 KiB take %d bytes and 256 KiB %d", small, large)
	}
}
