package browser

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const body = `{
  "id": "8306082202796025777",
  "title": "[Triggered] Checkout is slow",
  "body": "p95 is **0.97 s**, see [the runbook](https://runbooks.example.com/checkout) @pagerduty-checkout",
  "alert_id": "4711",
  "alert_transition": "Triggered",
  "priority": "P2",
  "tags": "service:checkout,env:prod,team:checkout"
}`

const playbooks = `playbooks:
  - name: checkout
    match: alert.tags.service == "checkout" && alert.priority == "P2"
    steps:
      - uses: monitor
      - uses: owner
      - uses: suspects
    event:
      title: "{{ .alert.title }}, owner {{ .steps.owner.team }}"
`

// TestStory is what a new user does, from the start to a test of a playbook that passes. Its
// pictures are in the documents.
func TestStory(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "checkout.yaml")
	if err := os.WriteFile(file, []byte("playbooks:\n  - name: checkout\n    steps:\n      - uses: monitor\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serve(t, folder, "--playbooks", filepath.Base(file))
	b := open(t, desktop, url)

	// An alert of one's own is drawn while it is pasted.
	b.run(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter)) // The second link.
	b.run(chromedp.WaitVisible(chromedp.CSS("#body")))
	b.write("#body", body)
	b.says(".result .event h4", "Checkout is slow")

	// A mistake in the whole file has no place to go to.
	b.write("#playbooks", "")
	b.until(`document.getElementById("problems").textContent === " the file is empty"`)

	// A mistake in a playbook is shown with its place, and a click goes there.
	b.write("#playbooks", strings.Replace(playbooks, "uses: owner", "uses: owners", 1))
	b.says("#problems", `did you mean "owner"?`)
	b.click("Line 6, column 15")
	b.until(`document.activeElement.id === "playbooks" && document.activeElement.selectionStart > 0`)
	b.write("#playbooks", playbooks)
	b.says(".result .event h4", "Checkout is slow, owner checkout")
	b.picture("try", "header")

	// The playbook is saved, the alert is sent, and its event comes.
	b.click("Save")
	b.says(".outcome", "Saved")
	b.click("Send it")
	b.says(".outcome", "Sent the alert")
	b.click("See the stream")
	b.says(".card .event h3", "Checkout is slow, owner checkout")
	b.picture("stream", "header")

	// The round trip: a click on a finding copies its template path.
	b.run(chromedp.Click(chromedp.CSS(".card h2 a")), chromedp.WaitVisible(chromedp.CSS(".waterfall")))
	b.run(chromedp.Click(`//details[.//span[text()="owner"]]/summary`))
	b.run(chromedp.WaitVisible(`//button[contains(@title, "{{ .steps.owner.team }}")]`))
	b.run(chromedp.Click(`//button[contains(@title, "{{ .steps.owner.team }}")]`))
	b.says("#news", "{{ .steps.owner.team }}")
	b.says("pre", `"related_event_id": 8306082202796025777`) // No digit is lost.
	b.says("table", "alert.title")
	b.picture("trip", ".verdicts")

	// The same alert again is a duplicate, which leads to the first, and is found by its id.
	post(t, url, body)
	b.click("Stream")
	b.run(chromedp.Click(`//article[@data-state="duplicate"]//h2/a`))
	b.click("See that delivery")
	b.says(".why", "Posted as event")
	b.click("Why no event?")
	b.write("#words", "nothing like it")
	b.says("main", "This server saw no such alert.")
	b.write("#words", "8306082202796025777 posted")
	b.says(".found", "Posted as event")

	// The alert becomes a test, which passes here and on the command line.
	b.click("Try")
	b.run(chromedp.WaitVisible(chromedp.CSS("#name")))
	b.write("#name", "names the owner in the title")
	b.click("Keep as test case")
	b.says(".outcome", "All its tests pass.")
	b.noProblems(url)
	out, err := exec.CommandContext(t.Context(), os.Getenv("BOOMERANG"), "test", file).CombinedOutput() //nolint:gosec // It is what make built.
	if err != nil || !strings.Contains(string(out), "pass names the owner in the title") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestUnsaved edits two files, and loses neither text when the other is shown or the server ends.
func TestUnsaved(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(folder, name+".yaml"), []byte("playbooks: [{name: "+name+"}]"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url := serve(t, folder, "--playbooks", "a.yaml", "--playbooks", "b.yaml")
	b := open(t, desktop, url)
	b.click("Try")
	b.run(visible("#body"))
	b.write("#playbooks", "playbooks: [{name: edited}]")
	b.says(".result", "playbook:edited")
	choose := func(i string) {
		value[any](b, `(e => { e.selectedIndex = `+i+`; e.dispatchEvent(new Event("change")); })(document.getElementById("file"))`)
	}
	choose("1")
	b.until(`document.getElementById("playbooks").value === "playbooks: [{name: b}]"`)
	choose("0")
	b.until(`document.getElementById("playbooks").value === "playbooks: [{name: edited}]"`)
	if !value[bool](b, `!dispatchEvent(new Event("beforeunload", { cancelable: true }))`) {
		t.Error("the tab closes without a question")
	}
	b.noProblems(url)
	value[any](b, `globalThis.fetch = () => Promise.reject(new TypeError("Failed to fetch"))`)
	b.write("#playbooks", "playbooks: [{name: later}]")
	b.says("#problems", "The server does not answer: is it running?")
}

// TestRestart ends the server and starts it again: the page says so, and goes on by itself.
func TestRestart(t *testing.T) {
	url, stop := serveAt(t, "127.0.0.1:0", t.TempDir())
	b := open(t, desktop, url)
	post(t, url, body)
	b.says(".card .event h3", "Checkout is slow")
	stop()
	b.says("#connection[role=status]", "not connected: is the server running?")
	b.click("Try")
	b.says(".problem", "The server does not answer: is it running?")
	serveAt(t, strings.Trim(strings.TrimPrefix(url, "http://"), "/"), t.TempDir())
	b.says("#connection", "connected")
	b.run(visible("#body"))
	b.click("Why no event?")
	b.says("main", "This server saw no such alert.")
	for range 60 {
		post(t, url, body)
	}
	b.says(".hint", "The newest 50 of 60: write more words to see others.")
}

// TestFault says how it went where the user looks.
func TestFault(t *testing.T) {
	url := serve(t, t.TempDir())
	b := open(t, desktop, url)
	b.click("Try")
	b.click("Let the fake of Datadog fail")
	apply := func(calls, says string) {
		b.write("#calls", calls)
		b.click("Apply")
		b.until(`document.querySelector(".outcome").textContent === "` + says + `"`)
	}
	apply("1.5", "Write how many calls it is for: a whole number, or 0 for all.")
	apply("2", "It works again")
	b.noProblems(url)
}

// TestPaths pastes every path that a click copies into a playbook.
func TestPaths(t *testing.T) {
	url := serve(t, t.TempDir())
	b := open(t, desktop, url)
	post(t, url, body)
	b.says(".card .event h3", "Checkout is slow")
	b.run(chromedp.Click(chromedp.CSS(".card h2 a")), visible(".waterfall"))
	paths := value[[]string](b, `[...document.querySelectorAll(".value")].map((one) => one.title.replace("Copy ", ""))`)
	if len(paths) < 30 {
		t.Fatalf("the steps found %q", paths)
	}
	b.click("Try")
	b.run(visible("#body"))
	b.write("#body", body)
	b.write("#playbooks", "playbooks:\n  - name: x\n    steps:\n      - uses: metric\n        with:\n          window: 3h\n      - uses: monitor\n      - uses: related_events\n      - uses: suspects\n"+
		"    event:\n      text: |\n        all of "+strings.Join(paths, "\n        ")+"\n")
	b.says(".result .event", "all of ")
	if problems := value[string](b, `document.getElementById("problems").textContent`); problems != "" || strings.Contains(value[string](b, `document.querySelector(".result").textContent`), "To fix") {
		t.Errorf("of %q: %s", paths, problems)
	}
	for want, call := range map[string]string{
		"{{ .steps.owner.team }}":                               `"owner", ["team"]`,
		`{{ (index .steps "on-call").team }}`:                   `"on-call", ["team"]`,
		`{{ (index (index .steps.http.body 0) "a\"b c").d_1 }}`: `"http", ["body", 0, 'a"b c', "d_1"]`,
	} {
		if got := value[string](b, `import("/-/trip.js").then((module) => module.pathOf(`+call+`))`); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestDownload keeps a case where the server has no file of its own.
func TestDownload(t *testing.T) {
	folder := t.TempDir()
	url := serve(t, folder)
	b := open(t, desktop, url)
	if _, err := chromedp.CallBrowser(b.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: folder}); err != nil {
		t.Fatal(err)
	}
	b.click("Try")
	b.run(visible("#body"))
	b.write("#body", body)
	b.says(".result .event h4", "Checkout is slow")
	b.click("Keep as test case")
	b.click("Download default.test.yaml")
	file := filepath.Join(folder, "default.test.yaml")
	for range 600 {
		if raw, err := os.ReadFile(file); err == nil && strings.HasPrefix(string(raw), "cases:\n  - name: says what it says today\n") {
			b.noProblems(url)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("the case is not downloaded")
}

// picture writes what the reader sees, if PICTURES names a folder.
func (b *tab) picture(name, selector string) {
	b.Helper()
	folder := os.Getenv("PICTURES")
	if folder == "" {
		return
	}
	value[any](b, `document.querySelector("`+selector+`").scrollIntoView()`)
	raw := must(b, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: new(int64(80))}).Data
	if err := os.WriteFile(filepath.Join(folder, name+".webp"), raw, 0o644); err != nil { //nolint:gosec // It is for the repository.
		b.Fatal(err)
	}
}
