package alert

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// startsAsHTML matches texts of templates for mails, tickets and chats, which write HTML around
// Datadog's words. Other words in angle brackets are code, such as <init>.
var startsAsHTML = Pattern(`(?i)^[#*>\s]*<(?:!doctype|style|h[1-6]|p|b|i|u|strong|em|font|span|div|section|table|tbody|thead|tr|td|th|ul|ol|li|a|img|html|head|body|br|hr|blockquote)\b[^<>]*>`)

// hasHTML matches what chats know of HTML, inside a text.
var hasHTML = Pattern(`(?i)<br\s*/?>|</(?:b|strong|i|em|u|code|font|a)>`)

// entity matches what templates write for < > & " and '.
var entity = Pattern(`&(?:lt|gt|amp|quot|#39|#x27|#34);`)

// xmlRoot matches the start of an XML document.
var xmlRoot = Pattern(`^(?:<\?xml[^<>]*>)?\s*<([A-Za-z][\w.:-]*)(?:\s[^<>]*)?>`)

// isXML reports whether a text is one element.
func isXML(text string) bool {
	root := xmlRoot().FindStringSubmatch(text)
	return root != nil && strings.HasSuffix(text, "</"+root[1]+">")
}

// readable returns a text as markdown, without escapes.
func readable(text string) string { return unescaped(fromHTML(text)) }

// escapes matches letters that are escaped.
var escapes = Pattern(`(?:\\u[0-9a-fA-F]{4})+`)

// unescaped reads the letters and line breaks of a template that is escaped twice. A lower-case letter
// after a line break is the rest of a name: C:\new.
func unescaped(text string) string {
	if strings.Contains(text, `\u`) {
		text = escapes().ReplaceAllStringFunc(text, func(escaped string) string {
			letters := ""
			err := json.Unmarshal([]byte(`"`+escaped+`"`), &letters)
			if err != nil || strings.ContainsFunc(letters, func(r rune) bool { return r < utf8.RuneSelf || r == utf8.RuneError }) {
				return escaped
			}
			return letters
		})
	}
	lines := strings.Split(text, `\n`)
	isName := func(rest string) bool { return rest != "" && 'a' <= rest[0] && rest[0] <= 'z' }
	if len(lines) < 3 || strings.Contains(text, "\n") || slices.ContainsFunc(lines[1:], isName) {
		return text
	}
	return strings.NewReplacer(`\r\n`, "\n", `\n`, "\n", `\"`, `"`).Replace(text)
}

// fromHTML returns a text of HTML or XML as markdown, and others as they are: those with code of markdown, too.
func fromHTML(text string) string {
	if !strings.Contains(text, "<") {
		if n := strings.Count(text, "&"); n > 0 && n == len(entity().FindAllStringIndex(text, -1)) && !strings.Contains(text, ">") {
			return html.UnescapeString(text) // A template's that escapes its variables.
		}
		return text
	}
	isHTML := startsAsHTML().MatchString(text)
	inXML := !isHTML && isXML(strings.TrimSpace(text))
	if !inXML && !isHTML && (strings.Contains(text, "`") || !hasHTML().MatchString(text)) {
		return text
	}
	var markdown strings.Builder
	link, isCode := "", false // the address of the link that is open, and whether a style or a script is
	z := html.NewTokenizer(strings.NewReader(text))
	z.AllowCDATA(inXML)
	for z.Next() != html.ErrorToken {
		raw := string(z.Raw())
		token := z.Token()
		switch isStart := token.Type != html.EndTagToken; {
		case token.DataAtom == atom.Style || token.DataAtom == atom.Script:
			isCode = isStart
		case token.Type == html.TextToken && !isCode:
			markdown.WriteString(token.Data)
		case inXML && token.Type == html.EndTagToken:
			markdown.WriteString("\n\n")
		case inXML && token.DataAtom != atom.A && token.DataAtom != atom.Img && hasWords(token):
			markdown.WriteString(raw + "\n\n")
		case token.DataAtom == 0 && token.Type != html.TextToken && token.Type != html.CommentToken && !inXML:
			markdown.WriteString(raw)
		case token.DataAtom == atom.Img && strings.HasPrefix(attribute(token, "src"), "http"):
			markdown.WriteString("![Graph](" + attribute(token, "src") + ")")
		case token.DataAtom == atom.A && isStart && attribute(token, "href") != "":
			link = attribute(token, "href")
			markdown.WriteString("[")
		case token.DataAtom == atom.A && link != "":
			markdown.WriteString("](" + link + ")")
			link = ""
		case token.DataAtom == atom.Td || token.DataAtom == atom.Th:
			markdown.WriteString(" ")
		case token.DataAtom == atom.Br || token.DataAtom == atom.Hr || !isStart && isBlock[token.DataAtom]:
			markdown.WriteString("\n\n")
		}
	}
	markdown.Write(z.Raw()) // A tag that is cut off.
	if link != "" {
		markdown.WriteString("](" + link + ")")
	}
	paragraphs := blankLines().ReplaceAllLiteralString(markdown.String(), "\n\n")
	return cmp.Or(strings.TrimSpace(strings.ReplaceAll(paragraphs, " \n\n", "\n\n")), text)
}

// isBlock has the elements that a paragraph ends with.
var isBlock = map[atom.Atom]bool{
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.P: true, atom.Div: true,
	atom.Section: true, atom.Tr: true, atom.Li: true, atom.Ul: true, atom.Ol: true, atom.Table: true,
}

var blankLines = Pattern(`\n\s*\n\s*`)

// hasWords reports whether a tag of XML has attributes that do more than declare a namespace.
func hasWords(t html.Token) bool {
	return slices.ContainsFunc(t.Attr, func(a html.Attribute) bool { return a.Key != "xmlns" && !strings.HasPrefix(a.Key, "xmlns:") })
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}
