package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func visible(selector string) chromedp.Action[chromedp.Void] {
	return chromedp.WaitVisible(chromedp.CSS(selector))
}

// TestSize holds the first load to 150 KB, all that comes before a reader can do something.
func TestSize(t *testing.T) {
	b := open(t, desktop, serve(t, t.TempDir()))
	loaded := value[map[string]float64](b, `Object.fromEntries([...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map((one) => [one.name, one.transferSize]))`)
	total := 0.0
	for name, size := range loaded {
		t.Logf("%6.0f bytes %s", size, name)
		total += size
	}
	t.Logf("%6.0f bytes in total", total)
	if total > 150_000 || len(loaded) < 8 {
		t.Errorf("the first load has %.0f bytes in %d files", total, len(loaded))
	}
}

// TestDrawn measures the time from the arrival of a delivery until its event is on the page. The goal is
// 200 ms; a busy machine gets more.
func TestDrawn(t *testing.T) {
	const deliveries, goal, most = 20, 200 * time.Millisecond, time.Second
	url := serve(t, t.TempDir())
	b := open(t, desktop, url)
	value[any](b, `{
		globalThis.drawn = {};
		new MutationObserver(() => {
			for (const card of document.querySelectorAll(".card[data-state=posted]")) {
				const title = card.querySelector(".event h3").textContent;
				drawn[title] ??= Date.now();
			}
		}).observe(document.querySelector("main"), { childList: true, subtree: true });
	}`)
	var took []time.Duration
	for i := range deliveries {
		title := fmt.Sprintf("[Triggered] Delivery %d", i)
		body, _ := json.Marshal(map[string]string{"id": fmt.Sprint(8306082202796000000 + i), "title": title, "body": strings.Repeat("Some **words** of an alert. ", 50), "alert_id": "4711", "tags": "service:checkout,env:prod"})
		sent := time.Now()
		post(t, url, string(body))
		b.until(fmt.Sprintf("drawn[%q] > 0", title))
		took = append(took, time.UnixMilli(value[int64](b, fmt.Sprintf("drawn[%q]", title))).Sub(sent.Truncate(time.Millisecond)))
	}
	slices.Sort(took)
	t.Logf("a delivery is drawn after %s (median), %s (slowest of %d); the goal is %s", took[deliveries/2], took[deliveries-1], deliveries, goal)
	if took[deliveries/2] > most {
		t.Errorf("half of the deliveries are drawn after more than %s", most)
	}
}

// TestAccessibility looks for barriers with axe-core in each view, light and dark, wide and narrow.
func TestAccessibility(t *testing.T) {
	axe, err := os.ReadFile(os.Getenv("AXE"))
	if err != nil {
		t.Fatalf("AXE is not the file of axe-core: run make page-test: %v", err)
	}
	url := serve(t, t.TempDir())
	post(t, url, body)
	post(t, url, strings.Repeat("no JSON ", 3000))
	post(t, url, "{}")
	for _, s := range []screen{desktop, {"dark", 1280, 900, true}, {"narrow", 400, 800, false}, {"narrow and dark", 400, 800, true}} {
		t.Run(s.name, func(t *testing.T) {
			b := open(t, s, url)
			b.says(".card .event h3", "Checkout is slow")
			value[any](b, string(axe)+";0")
			if planted := value[int](b, `(async () => {
				const button = document.body.appendChild(document.createElement("button"));
				const found = await axe.run(button);
				button.remove();
				return found.violations.filter((one) => one.id === "button-name" && one.impact === "critical").length;
			})()`); planted != 1 {
				t.Fatal("axe-core does not find a button without a name")
			}
			b.accessible("stream")
			b.run(chromedp.Click(`//article[@data-state="posted"][.//h3[contains(., "Checkout")]]//h2/a`), visible(".waterfall"))
			value[any](b, `document.querySelectorAll("details").forEach((one) => { one.open = true; })`)
			b.accessible("round trip")
			b.click("Try")
			b.write("#playbooks", "playbooks:\n  - name: x\n    steps:\n      - uses: owners\n")
			b.says("#problems", "Line 4")
			b.accessible("try, with a mistake")
			b.write("#playbooks", playbooks)
			b.says(".result", "API v2")
			b.accessible("try")
			b.click("Why no event?")
			b.run(visible(".found"))
			b.accessible("why")
		})
	}
}

// accessible fails for what is serious, and for a page that is wider than its screen.
func (b *tab) accessible(view string) {
	b.Helper()
	type violation struct {
		ID     string `json:"id"`
		Impact string `json:"impact"`
		Help   string `json:"help"`
		Nodes  []struct {
			HTML string `json:"html"`
			Why  string `json:"failureSummary"`
		} `json:"nodes"`
	}
	for _, v := range value[[]violation](b, "axe.run().then((found) => found.violations)") {
		report := b.Logf
		if v.Impact == "serious" || v.Impact == "critical" {
			report = b.Errorf
		}
		report("%s: %s (%s): %s: %+v", view, v.ID, v.Impact, v.Help, v.Nodes[:min(2, len(v.Nodes))])
	}
	if wide := value[float64](b, "document.scrollingElement.scrollWidth - innerWidth"); wide > 0 {
		b.Errorf("%s: the page is %.0f pixels wider than its screen", view, wide)
	}
}
