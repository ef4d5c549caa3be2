package alert

// repairedString reads a string, or the object or list between the quotes as if the
// quotes were not there. Truncated or invalid JSON between quotes is text up to the
// first quote after which the rest of the body is valid.
func (p *parser) repairedString(level int) (any, bool) {
	start := p.at
	if s, ok := p.string(); ok && p.endsValue() {
		return s, true
	}
	inner := parser{text: p.text, at: start + 1}
	inner.skipSpace()
	if inner.peek() != '{' && inner.peek() != '[' {
		return nil, false
	}
	if v, ok := inner.value(level); ok && inner.take('"') && inner.endsValue() {
		p.at = inner.at
		return v, true
	}
	p.at = max(p.at, inner.at) // How far was read, for completes.
	for end := start + 1; p.maxRepairs > 0 && end < len(p.text); end++ {
		switch p.text[end] {
		case '\\':
			end++
		case '"':
			if p.completes(end+1, level) {
				p.at = end + 1
				return validText(p.text[start+1 : end]), true
			}
		}
	}
	return nil, false
}

// endsValue reports whether the next byte may follow a value in an object or a list.
func (p *parser) endsValue() bool {
	p.skipSpace()
	b := p.peek()
	return b == ',' || b == '}' || b == ']'
}

// completes reports whether the body from at on is the rest of that many objects. Only
// one value of a body may be truncated, so that rest needs no search of its own.
func (p *parser) completes(at, objects int) bool {
	rest := parser{text: p.text, at: at, repair: true}
	ok := true
	for ; ok && objects > 0; objects-- {
		ok = rest.members(map[string]any{"the truncated value": nil}, objects)
	}
	rest.skipSpace()
	p.maxRepairs -= rest.at - at + 1
	return ok && rest.at == len(p.text)
}
