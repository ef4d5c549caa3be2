package alert

import "bytes"

// parseLoose reads a body that is no JSON only because a variable that holds JSON
// was put between quotes as it is: "logs_sample": "{"columns": […]}". Nobody
// documents whether Datadog escapes the value of such a variable, and a body that
// is refused is an alert that is lost, because Datadog does not repeat it.
func parseLoose(body []byte) (any, bool) {
	rest := bytes.TrimPrefix(bytes.TrimLeft(body, whiteSpace), byteOrderMark)
	c := cutter{text: string(rest), loose: true, patience: patience * len(rest)}
	return c.whole()
}

// patience bounds the search for the end of JSON that breaks off, in times that the
// body is looked at.
const patience = 8

// quotedLoosely reads a string, or what it is by its beginning: an object or a list
// that stands between quotes, which is read as if it stood without them. One that
// breaks off, or is no JSON, is text up to the first quote behind which the rest of
// the body makes sense.
func (c *cutter) quotedLoosely(level int) (any, bool) {
	start := c.at
	if s, ok := c.quoted(); ok && c.endsValue() {
		return s, true
	}
	inner := cutter{text: c.text, at: start + 1}
	inner.skipSpace()
	if inner.peek() != '{' && inner.peek() != '[' {
		return nil, false
	}
	if v, ok := inner.value(level); ok && inner.take('"') && inner.endsValue() {
		c.at = inner.at
		return v, true
	}
	c.at = max(c.at, inner.at) // This is how far was looked.
	for end := start + 1; c.patience > 0 && end < len(c.text); end++ {
		switch c.text[end] {
		case '\\':
			end++
		case '"':
			if c.closes(end+1, level) {
				c.at = end + 1
				return validText(c.text[start+1 : end]), true
			}
		}
	}
	return nil, false
}

// endsValue reports whether what follows is what may follow a value in an object
// or a list.
func (c *cutter) endsValue() bool {
	c.skipSpace()
	b := c.peek()
	return b == ',' || b == '}' || b == ']'
}

// closes reports whether the body from at on is the rest of that many objects, and
// nothing else. Only one value of a body may break off, so that there is nothing to
// search for in that rest.
func (c *cutter) closes(at, objects int) bool {
	rest := cutter{text: c.text, at: at, loose: true}
	ok := true
	for ; ok && objects > 0; objects-- {
		ok = rest.members(map[string]any{"the one that breaks off": nil}, objects)
	}
	rest.skipSpace()
	c.patience -= rest.at - at + 1
	return ok && rest.at == len(c.text)
}
