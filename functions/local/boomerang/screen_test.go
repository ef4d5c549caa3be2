package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/event"
)

// A reader of an event's first screen, and nothing else, has the five answers.
var answers = map[string]*regexp.Regexp{
	"what fails":    regexp.MustCompile(`^- .*(\d|[Nn]o data|Alert|fails?|report)`),
	"since when":    regexp.MustCompile(`\n- (Since|Ended) .*\d\d:\d\d UTC`),
	"suspect":       regexp.MustCompile(`\n- (Suspect: .+|No suspect found)`),
	"who":           regexp.MustCompile(`\n- (Owner|On call|Notified): .+`),
	"where to look": regexp.MustCompile(`\n- \[(Monitor at the time of the alert|Alert in Datadog)\]\(https://\S+\)`),
}

func TestEvents_FirstScreen(t *testing.T) {
	files, err := filepath.Glob("../../../events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	refused := map[string]bool{"own-event.json": true, "wrong-token.json": true, "webhook-payload.json": true}
	for _, file := range files {
		if name := filepath.Base(file); !refused[name] {
			t.Run(name, func(t *testing.T) { mustLeadWithTheAnswer(t, postedText(t, file)) })
		}
	}
}

func TestReadyPlaybooks_FirstScreen(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(ready, "golden", "*.golden"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var e event.Event
			if err := json.NewDecoder(strings.NewReader(string(raw))).Decode(&e); err != nil {
				t.Fatal(err)
			}
			mustLeadWithTheAnswer(t, e.Text)
		})
	}
}

// postedText returns the text that the function posts for a request, with the fake's story about
// the alert, of which the fake can know less than the request says.
func postedText(t *testing.T, file string, forget ...func(*alert.Alert)) string {
	t.Helper()
	now := time.Now()
	r, err := request.Read(file, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.Start(nil, false, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	function, err := newFunction(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := handler.Decode(r.LambdaFunctionURLRequest)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range forget {
		change(&a)
	}
	s.Seed(a, now)
	if response, err := function.Invoke(t.Context(), r.LambdaFunctionURLRequest); err != nil || response.StatusCode != 200 {
		t.Fatalf("answered %d %s, %v", response.StatusCode, response.Body, err)
	}
	posted := s.Datadog.Posted()
	if len(posted) != 1 {
		t.Fatalf("posted %d", len(posted))
	}
	return posted[0].Event.Text
}

func mustLeadWithTheAnswer(t *testing.T, text string) {
	t.Helper()
	text = strings.TrimSuffix(strings.TrimPrefix(text, "%%% \n"), "\n %%%")
	screen, _, _ := strings.Cut(text, "\n\n")
	if n := utf8.RuneCountInString(screen); n > event.MaxScreen {
		t.Errorf("the first screen has %d characters", n)
	}
	for answer, pattern := range answers {
		if !pattern.MatchString(screen) {
			t.Errorf("the first screen does not say %s", answer)
		}
	}
	chat := strings.SplitN(screen, "\n", 4)
	if len(chat) < 3 || !answers["what fails"].MatchString(chat[0]) || !answers["since when"].MatchString("\n"+chat[1]) || !answers["suspect"].MatchString("\n"+chat[2]) {
		t.Errorf("a chat shows %q", chat[:min(3, len(chat))])
	}
	for _, l := range strings.Split(screen, "\n") {
		if !strings.HasPrefix(l, "- ") {
			t.Errorf("markdown joins the line %q with the one before", l)
		}
	}
	if again := repeated(text); len(again) > 0 {
		t.Errorf("it says twice: %q", again)
	}
	addresses := 0
	for _, address := range address.FindAllString(text, -1) {
		addresses += len(address)
	}
	if n := utf8.RuneCountInString(text); addresses*4 > n {
		t.Errorf("%d of %d characters are addresses", addresses, n)
	}
	if t.Failed() {
		t.Log(text)
	}
}

var (
	address     = regexp.MustCompile(`https?://[^\s()<>]+`)
	monitorPage = regexp.MustCompile(`(/monitors/\d+)\?.*`)
	code        = regexp.MustCompile("`[^`]*`")
	sentenceEnd = regexp.MustCompile(`[.!?] |\n| · `)
)

// repeated returns the pages and the sentences that a text has more than once.
func repeated(text string) (again []string) {
	seen := map[string]bool{}
	check := func(key, original string) {
		if seen[key] {
			again = append(again, original)
		}
		seen[key] = true
	}
	text = code.ReplaceAllString(text, "")
	for _, one := range address.FindAllString(text, -1) {
		check(monitorPage.ReplaceAllString(one, "$1"), one)
	}
	for _, sentence := range sentenceEnd.Split(address.ReplaceAllString(text, ""), -1) {
		letters := strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, sentence)
		if len(letters) >= 20 && len(strings.Fields(sentence)) >= 3 {
			check(letters, sentence)
		}
	}
	return again
}

// TestEvents_DefaultPayload leads with what the alert's monitor knows, because the payload has
// only a link to it.
func TestEvents_DefaultPayload(t *testing.T) {
	text := postedText(t, "../../../events/datadog-default-payload.json")
	contains(t, text, "0.967 s (avg over 5m), above 0.8 s", "\n- Suspect: [Deployed checkout 4.2.1 to prod; the metric jumped 3 min later](", "\n- Owner: checkout\n")
}

// TestEvents_NoMonitor says once that Datadog has no such monitor.
func TestEvents_NoMonitor(t *testing.T) {
	for _, file := range []string{"triggered.json", "recovered.json", "datadog-default-payload.json"} {
		t.Run(file, func(t *testing.T) {
			text := postedText(t, "../../../events/"+file, func(a *alert.Alert) { a.MonitorID = "" })
			if strings.Count(text, "no monitor 4711") != 1 || strings.Contains(text, "the monitor's groups") || strings.Contains(text, "Not all of the evidence") {
				t.Error(text)
			}
		})
	}
}
