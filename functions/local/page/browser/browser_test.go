// Package browser tests the page of boomerang serve in a real browser, and takes the pictures
// that the documents show. It needs these variables, which make page-test sets:
//
//	BOOMERANG  the built command
//	AXE        the file axe.min.js, which checks accessibility (https://github.com/dequelabs/axe-core)
//	CHROMIUM   the browser
package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for the page.
const patience = time.Minute

// serve starts boomerang serve in a folder and returns the page's address.
func serve(t *testing.T, folder string, arguments ...string) string {
	t.Helper()
	url, _ := serveAt(t, "127.0.0.1:0", folder, arguments...)
	return url
}

func serveAt(t *testing.T, address, folder string, arguments ...string) (url string, stop func()) {
	t.Helper()
	command := os.Getenv("BOOMERANG")
	if command == "" {
		t.Fatal("BOOMERANG is not set: run make page-test")
	}
	cmd := exec.CommandContext(t.Context(), command, append([]string{"serve", address}, arguments...)...)
	cmd.Dir = folder
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cmd.Stderr = &log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	t.Cleanup(stop)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if found := regexp.MustCompile(`^Page +(\S+)`).FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return found[1], stop
		}
	}
	t.Fatalf("serve did not start: %s", log.String())
	return "", nil
}

// screen is how a reader sees the page.
type screen struct {
	name          string
	width, height int64
	dark          bool
}

var desktop = screen{"light", 1280, 900, false}

// tab is a tab of the browser, with what went wrong in it.
type tab struct {
	*testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string // errors in scripts, dialogs, and what the policy blocked
	requests []string
}

// open opens the page and waits until it follows the deliveries.
func open(t *testing.T, s screen, url string) *tab {
	t.Helper()
	b := start(t, s, url)
	b.until(`document.getElementById("connection").textContent === "connected"`)
	return b
}

func start(t *testing.T, s screen, url string) *tab {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(browserPath()), chromedp.WSURLReadTimeout(patience), chromedp.Flag("hide-scrollbars", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to have one as root.
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	b := &tab{T: t, ctx: ctx}
	t.Cleanup(func() { stop(); stopAllocator() })
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	scheme := map[bool]string{true: "dark", false: "light"}[s.dark]
	must(b, network.Enable, network.EnableParams{})
	must(b, runtime.Enable, cdp.Empty{})
	must(b, page.Enable, page.EnableParams{})
	must(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	b.run(chromedp.EmulateViewport(s.width, s.height), chromedp.Navigate(url))
	return b
}

// must runs a command of the browser's protocol.
func must[P, R any](b *tab, command cdp.Command[P, R], parameters P) R {
	b.Helper()
	result, err := chromedp.Call(b.ctx, command, parameters)
	if err != nil {
		b.Fatal(err)
	}
	return result
}

func browserPath() string {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	return "chromium"
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, "an exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" {
			b.problems = append(b.problems, "an error on the console")
		}
	case *page.EventJavascriptDialogOpening:
		b.problems = append(b.problems, "a dialog: "+e.Message)
	}
}

// noProblems fails the test for what went wrong in the tab, and for requests to other hosts.
func (b *tab) noProblems(url string) {
	b.Helper()
	if text := value[string](b, "document.body.innerText"); strings.Contains(text, "[object ") {
		b.Errorf("the page shows an object: %s", text)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, problem := range b.problems {
		b.Error(problem)
	}
	for _, request := range b.requests {
		if !strings.HasPrefix(request, url) && !strings.HasPrefix(request, "blob:") {
			b.Errorf("the page loads %s", request)
		}
	}
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fatalf("%v; the page says:\n%.3000s", err, value[string](b, "document.body.innerText"))
	}
}

// value evaluates an expression.
func value[T any](b *tab, expression string) T {
	b.Helper()
	result, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatal(err)
	}
	return result
}

// until waits for an expression to be true.
func (b *tab) until(expression string) {
	b.Helper()
	b.run(chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(patience)))
}

// says waits for a text in an element.
func (b *tab) says(selector, text string) {
	b.Helper()
	quoted, _ := json.Marshal([2]string{selector, text})
	b.until(`((s, t) => [...document.querySelectorAll(s)].some((e) => e.textContent.includes(t)))(...` + string(quoted) + `)`)
}

// click clicks the visible button or link with this text.
func (b *tab) click(text string) {
	b.Helper()
	b.run(chromedp.Click(`//*[self::a or self::button or self::summary][contains(normalize-space(.), "` + text + `")]`))
}

// write replaces the text of a field as a paste does.
func (b *tab) write(selector, text string) {
	b.Helper()
	b.run(chromedp.WaitVisible(chromedp.CSS(selector)))
	quoted, _ := json.Marshal(selector)
	value[any](b, "(e => { e.focus(); e.select(); })(document.querySelector("+string(quoted)+"))")
	must(b, input.InsertText, input.InsertTextParams{Text: text})
}

// post delivers an alert as Datadog does.
func post(t *testing.T, url, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Webhook-Token", "local-token")
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}
