package alert

import (
	"regexp"
	"strings"
	"sync"
)

// htmlTags has the patterns of what templates for mails, tickets and chats write around
// Datadog's words. Other words in angle brackets are code, such as <init>.
var htmlTags = sync.OnceValue(func() (tags struct{ start, link, picture, end, any *regexp.Regexp }) {
	const names = `(?:h[1-6]|p|b|i|u|strong|em|font|span|div|section|table|tbody|thead|tr|td|th|ul|ol|li|a|img|html|head|body|br|hr|blockquote)\b[^<>]*`
	tags.start = regexp.MustCompile(`(?i)^[#*>\s]*<` + names + `>`)
	tags.link = regexp.MustCompile(`(?i)<a\s[^<>]*?href=["\']([^"\'<>\s]+)["\'][^<>]*>([^<>]+)</a>`)
	tags.picture = regexp.MustCompile(`(?i)<img\s[^<>]*?src=["\'](https?:[^"\'<>\s]+)["\'][^<>]*>`)
	tags.end = regexp.MustCompile(`(?i)\s*(?:</(?:h[1-6]|p|div|section|tr|li|ul|ol|table)\s*>|<[bh]r\b[^<>]*>)\s*`)
	tags.any = regexp.MustCompile(`(?i)</?` + names + `>`)
	return tags
})

// fromHTML returns a text that begins with a tag of HTML as markdown, and others as they are.
func fromHTML(text string) string {
	if !strings.Contains(text, ">") || !htmlTags().start.MatchString(text) {
		return text
	}
	text = htmlTags().link.ReplaceAllString(text, "[$2]($1)")
	text = htmlTags().picture.ReplaceAllString(text, "![Graph]($1)")
	text = htmlTags().end.ReplaceAllString(text, "\n\n")
	return strings.TrimSpace(htmlTags().any.ReplaceAllString(text, ""))
}
