package event

import (
	"strings"

	"boomerang/shared/enrich"
)

// fence is a line that may begin or end a block of code: three backticks or tildes
// at least, behind what indents it in a list or a quotation
// (https://spec.commonmark.org/0.31.2/#fenced-code-blocks).
var fence = enrich.Pattern("^([ \t>]*)(`{3,}|~{3,})(.*)$")

// closeFence returns markdown with the block of code closed that it leaves open, as
// a message does that was cut inside one: all that follows would be code as well.
func closeFence(markdown string) string {
	if !strings.Contains(markdown, "```") && !strings.Contains(markdown, "~~~") {
		return markdown
	}
	indent, open := "", ""
	for l := range strings.Lines(markdown) {
		part := fence().FindStringSubmatch(strings.TrimRight(l, " \t\n"))
		switch {
		case part == nil:
		case open == "" && !(part[2][0] == '`' && strings.Contains(part[3], "`")):
			indent, open = part[1], part[2]
		case open != "" && strings.HasPrefix(part[2], open) && part[3] == "":
			open = ""
		}
	}
	if open == "" {
		return markdown
	}
	return markdown + "\n" + indent + open
}
