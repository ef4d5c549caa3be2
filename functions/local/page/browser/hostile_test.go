package browser

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// hostile are texts that try to run a script, to load something, or to leave their place.
var hostile = []string{
	`<script>hacked = 1</script>`, `<img src=x onerror="hacked = 1">`, `<svg onload="hacked = 1">`, `<iframe srcdoc="<script>parent.hacked = 1</script>"></iframe>`,
	`[x](javascript:hacked=1)`, `![x](https://evil.example/pixel.png)`, `![x](x" onerror="hacked=1)`, "```html\"><script>hacked = 1</script>\nx\n```",
	`<style>body { display: none }</style>`, `</textarea></pre><script>hacked = 1</script>`, `"><script>hacked = 1</script>`, `' onfocus=hacked=1 autofocus='`,
	`<base href="https://evil.example/">`, `<meta http-equiv="refresh" content="0;url=https://evil.example">`, `<math><mtext><mglyph><style><img src=x onerror=hacked=1>`,
	`{{ .alert.title }}`, "${hacked = 1}", "__proto__", "\u202e\u0000", `data:text/html,<script>hacked=1</script>`,
}

// TestHostile shows alerts whose every field is hostile in every view.
func TestHostile(t *testing.T) {
	url := serve(t, t.TempDir())
	b := open(t, desktop, url)
	for _, text := range hostile {
		body, err := json.Marshal(map[string]any{
			"id": text, "title": text, "body": text, "alert_id": text, "alert_transition": text, "tags": []string{"service:" + text, text}, "hostname": text, "link": text,
			"snapshot": text, "alert_scope": text, "alert_query": text, "priority": text, text: text, "nested": map[string]any{text: text}, "logs_sample": map[string]any{"columns": []string{text}},
			"incident": map[string]any{"title": text, "url": text}, "date": text,
		})
		if err != nil {
			t.Fatal(err)
		}
		post(t, url+"?"+text[:1], string(body))
		post(t, url, text) // It is not JSON, so its words are the alert.
	}
	b.until(`document.querySelectorAll(".card").length >= 2`)
	for _, id := range value[[]string](b, `[...document.querySelectorAll(".card")].map((card) => card.dataset.id)`) {
		value[any](b, `location.hash = "#/delivery/`+id+`"`)
		b.run(visible(".part"))
		value[any](b, `document.querySelectorAll("details").forEach((one) => { one.open = true; })`)
		b.says("main h3", "The answer")
		value[any](b, `location.hash = "#/stream"`)
		b.run(visible(".stream"))
	}
	b.click("Try")
	for _, text := range hostile {
		body, _ := json.Marshal(map[string]string{"title": text, "body": text})
		b.write("#body", string(body))
		b.write("#playbooks", "playbooks:\n  - name: "+text+"\n    steps:\n      - uses: "+text+"\n")
		b.says("#problems", "Line")
	}
	b.write("#body", `{"title":"x"}`)
	b.click("Why no event?")
	b.run(visible(".found"))
	if hacked := value[bool](b, `typeof hacked !== "undefined" || document.querySelector("main script, main iframe, main img, main style, main base, main svg, main [onerror], main [onload]") !== null || getComputedStyle(document.body).display === "none"`); hacked {
		t.Errorf("a text became more than a text: %s", value[string](b, "document.body.innerHTML"))
	}
	b.noProblems(url)
}

// The policy stops what would get past the page itself.
func TestPolicy(t *testing.T) {
	url := serve(t, t.TempDir())
	b := open(t, desktop, url)
	for name, script := range map[string]string{
		"markup":          `document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='hacked = 1'>")`,
		"a frame":         `document.body.appendChild(document.createElement("iframe")).srcdoc = "<script>parent.hacked = 1</script>"`,
		"a second policy": `trustedTypes.createPolicy("other", { createHTML: (text) => text })`,
		"text as code":    `setTimeout("hacked = 1", 0)`,
	} {
		if refused := value[bool](b, `(() => { try { `+script+`; return false; } catch { return true; } })()`); !refused {
			t.Errorf("the browser accepts %s", name)
		}
	}
	blocked := value[[]string](b, `new Promise((done) => {
		const seen = [];
		document.addEventListener("securitypolicyviolation", (one) => { if (seen.push(one.effectiveDirective) === 3) done(seen.sort()); });
		document.body.append(Object.assign(document.createElement("img"), { src: "https://evil.example/x.png" }));
		document.body.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "https://evil.example/x.css" }));
		fetch("https://evil.example/").catch(() => {});
		setTimeout(() => done(seen.sort()), 60000);
	}).catch((error) => [String(error)])`)
	if !slices.Equal(blocked, []string{"connect-src", "img-src", "style-src-elem"}) {
		t.Errorf("the browser blocks %v", blocked)
	}
	if value[bool](b, `typeof hacked !== "undefined"`) {
		t.Error("a script ran")
	}
}

// TestRemote opens the page as another machine does, with the token and without.
func TestRemote(t *testing.T) {
	url := serve(t, t.TempDir(), "--remote")
	address, token, found := strings.Cut(url, "#token=")
	if !found || len(token) < 20 {
		t.Fatalf("serve prints %s", url)
	}
	b := open(t, desktop, url)
	b.says("main", "Each delivery to the function appears here.")
	if shown := value[string](b, "location.href + document.cookie"); strings.Contains(shown, token) {
		t.Errorf("the token stays in %s", shown)
	}
	b.noProblems(address)
	stranger := start(t, desktop, address)
	stranger.says("#connection", "not connected: Open the address with the token")
}
