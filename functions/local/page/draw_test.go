package page

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"boomerang/shared/event"
)

// hostile are texts that try to be more than a text.
var hostile = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `<iframe srcdoc="<script>alert(1)</script>">`, `<a href="javascript:alert(1)">x</a>`,
	`[x](javascript:alert(1))`, `[x](JaVaScRiPt:alert(1))`, "[x](java\nscript:alert(1))", `[x](data:text/html;base64,PHNjcmlwdD4=)`, `[x](vbscript:x)`, `<javascript:alert(1)>`,
	`[x](https://example.com/"onmouseover="alert(1))`, `![x](x" onerror="alert(1))`, `![x](https://evil.example/pixel.png)`, "```\"><script>alert(1)</script>\nx\n```", "```html onclick=alert(1)\nx\n```",
	`<style>*{display:none}</style>`, `<p class="screen-end" style="position:fixed">x</p>`, `<form action=/-/fault><button>x</button></form>`, `<input autofocus onfocus=alert(1)>`,
	`<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>`, `&lt;script&gt;alert(1)&lt;/script&gt;`, `<base href=https://evil.example>`, `<meta http-equiv=refresh content=0>`,
	`# <img src=x onerror=alert(1)>`, `> <script>alert(1)</script>`, "- [ ] <object data=x>", `[x]: javascript:alert(1) "t"` + "\n\n[x]", `<!--><script>alert(1)</script>-->`, "<a\x00href=javascript:alert(1)>", "\u202e<script>",
}

func TestMarkdown_Hostile(t *testing.T) {
	elements := strings.Fields("html head body p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code em strong a span")
	for _, text := range append(hostile, strings.Join(hostile, "\n\n")) {
		drawn := markdown(text)
		root, err := html.Parse(strings.NewReader(drawn))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Type == html.CommentNode || n.Type == html.ElementNode && !slices.Contains(elements, n.Data) {
				t.Errorf("%q has a %s: %s", text, n.Data, drawn)
			}
			for _, a := range n.Attr {
				isLink := n.Data == "a" && (a.Key == "rel" || a.Key == "target" || a.Key == "href" && regexp.MustCompile(`^https?://`).MatchString(a.Val))
				if !isLink && !(a.Key == "class" && (a.Val == "picture" || a.Val == "screen-end")) {
					t.Errorf("%q has %s=%q: %s", text, a.Key, a.Val, drawn)
				}
			}
		}
	}
}

// The library takes quadratic time for some of these; a text is never longer than an event's.
func TestMarkdown_Time(t *testing.T) {
	for _, part := range []string{"[", "![", "*a ", "a_", "`", "``a", "<", "> ", "- ", "1. ", "](", "[a](", "<!--", "&", "\\", "|a", "    ", "#", "~", "https://a.", "www.a.", "[a]: b\n", "a@b.c ", "* \n", "\t-", "[[a]("} {
		text := strings.Repeat(part, 1_000_000/len(part))
		started := time.Now()
		drawn := markdown(text)
		if took := time.Since(started); took > 20*drawTime { // A busy machine wakes it late.
			t.Errorf("%q took %s", part, took)
		}
		if len(drawn) > 100_000 {
			t.Errorf("%q makes %d bytes", part, len(drawn))
		}
	}
}

func TestMarkdown_Datadog(t *testing.T) {
	for text, want := range map[string]string{
		"**a** _b_ `c`":                  "<p><strong>a</strong> <em>b</em> <code>c</code></p>\n",
		"[a](https://b.example/?c)":      `<p><a href="https://b.example/?c" rel="noreferrer noopener" target="_blank">a</a></p>` + "\n",
		"![A graph](https://b/c)":        `<p><span class="picture">Picture: A graph</span></p>` + "\n",
		"https://b.example/c":            `<p><a href="https://b.example/c" rel="noreferrer noopener" target="_blank">https://b.example/c</a></p>` + "\n",
		"**https://b.example/?c:*&d=1**": `<p><strong><a href="https://b.example/?c:*&amp;d=1" rel="noreferrer noopener" target="_blank">https://b.example/?c:*&amp;d=1</a></strong></p>` + "\n",
	} {
		if got := markdown(text); got != want {
			t.Errorf("%q is drawn as %q, want %q", text, got, want)
		}
	}
}

func TestMarkdown_ScreenEnd(t *testing.T) {
	short, long := strings.Repeat("a", 100), strings.Repeat("ä", event.MaxScreen)
	for name, c := range map[string]struct{ text, marked string }{
		"a short text":      {short, ""},
		"one long block":    {long, ""},
		"the next block":    {long + "\n\nnext\n\nlast", "<p class=\"screen-end\">next</p>"},
		"the next entry":    {"- " + long + "\n- next\n- last", "<li class=\"screen-end\">next</li>"},
		"a heading":         {long + "\n\n# next", "<h1 class=\"screen-end\">next</h1>"},
		"a block before it": {short + "\n\n" + long + "\n\nnext", "<p class=\"screen-end\">next</p>"},
	} {
		t.Run(name, func(t *testing.T) {
			got := markdown(c.text)
			if n := strings.Count(got, "screen-end"); n != min(1, len(c.marked)) || !strings.Contains(got, c.marked) {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestDraw(t *testing.T) {
	long := event.Event{Title: "x", Text: "%%% \nsee https://example.com/abc\n\n_Left out, for Datadog's limit: 12 characters of the message._\n %%%", AlertType: "error", Tags: []string{"a:b"}}
	d := draw(long)
	if d.API != "v1" || d.AlertType != "error" || d.Links != len("https://example.com/abc") || d.LeftOut != "12 characters of the message" || d.Characters != len(long.Text) || d.Limit != 4000 {
		t.Errorf("got %+v", d)
	}
	if draw(nil) != nil {
		t.Error("no event is drawn")
	}
}
