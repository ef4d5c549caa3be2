package page

import (
	"bytes"
	"html"
	"regexp"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/event"
)

// drawing is an event as Datadog draws it.
type drawing struct {
	dryrun.Content
	HTML       string `json:"html"` // safe
	Characters int    `json:"characters"`
	Limit      int    `json:"limit"`
	Links      int    `json:"links"` // characters of web addresses
	LeftOut    string `json:"left_out,omitempty"`
	Request    any    `json:"request"` // the body for Datadog
}

// draw returns nil for no event.
func draw(r event.Request) *drawing {
	if r == nil {
		return nil
	}
	c := dryrun.ContentOf(r)
	return &drawing{
		Content: c, HTML: markdown(event.Text(r)), Characters: utf8.RuneCountInString(c.Text), Limit: event.MaxText,
		Links: event.AddressLength(c.Text), LeftOut: event.Omissions(r), Request: r,
	}
}

// drawTime bounds the time for a text, because the library takes quadratic time for some.
const drawTime = 500 * time.Millisecond

// markdown returns safe HTML for a text, or the text itself if that takes too long.
func markdown(source string) string {
	if runes := []rune(source); len(runes) > event.MaxText {
		source = string(runes[:event.MaxText])
	}
	plain := "<pre>" + html.EscapeString(source) + "</pre>"
	done := make(chan string, 1)
	go func() {
		defer func() {
			if recover() != nil {
				done <- plain
			}
		}()
		var out bytes.Buffer
		if err := converter().Convert([]byte(source), &out); err != nil {
			panic(err)
		}
		done <- sanitizer().Sanitize(out.String())
	}()
	select {
	case drawn := <-done:
		return drawn
	case <-time.After(drawTime):
		return plain
	}
}

// bareURL lets a link go on to the next space, because goldmark's own expression ends it at the asterisk of a query.
var bareURL = regexp.MustCompile(`^https?://[-\w@:%.+~#=]{1,256}\.[a-z]+(?::\d+)?(?:[/#?][^\s<]*)?`)

var converter = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.NewLinkify(extension.WithLinkifyURLRegexp(bareURL))),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(screenEnd{}, 1000))),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(pictures{}, 100))),
	)
})

// sanitizer lets pass what the converter writes: no scripts, no styles, no pictures, and links
// to the web only.
var sanitizer = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https")
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.AllowAttrs("class").Matching(regexp.MustCompile("^(picture|screen-end)$")).OnElements("span", "p", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6")
	return p
})

// screenEnd marks where the first screen of a phone ends: at the first block, or entry of a list,
// that starts behind it.
type screenEnd struct{}

func (screenEnd) Transform(document *ast.Document, reader text.Reader, _ parser.Context) {
	source := []rune(string(reader.Source()))
	limit := len(string(source[:min(event.MaxScreen, len(source))]))
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		isPart := n.Kind() == ast.KindParagraph || n.Kind() == ast.KindHeading || n.Kind() == ast.KindListItem || n.Kind() == ast.KindBlockquote
		if entering && isPart && start(n) >= limit {
			n.SetAttributeString("class", []byte("screen-end"))
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
}

// start is where a block's first line starts, or -1.
func start(n ast.Node) int {
	for ; n != nil && n.Type() == ast.TypeBlock; n = n.FirstChild() {
		if n.Lines().Len() > 0 {
			return n.Lines().At(0).Start
		}
	}
	return -1
}

// pictures renders pictures as their titles, because the page loads nothing from elsewhere.
type pictures struct{}

func (pictures) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindImage, func(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
		tag := "</span>"
		if entering {
			tag = `<span class="picture">Picture: `
		}
		_, err := w.WriteString(tag)
		return ast.WalkContinue, err
	})
}
