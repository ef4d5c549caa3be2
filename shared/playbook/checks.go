package playbook

import (
	"text/template/parse"

	"github.com/expr-lang/expr/ast"

	"boomerang/shared/enrich"
)

// Mistake is a problem at a character of a text, from 0.
type Mistake struct {
	At      int
	Text    string
	Warning bool
}

// Language is the language of a text in which a parser found a mistake.
type Language string

// The languages of a playbook file.
const (
	YAML       Language = "yaml"
	Value      Language = "value" // A line with a value that does not fit its key.
	Expression Language = "expression"
	Template   Language = "template"
)

// Checks are what a check of a file does besides loading it. Each may be nil. Package check
// has them. A function loads files without them, so that a file that is deployed stays in
// use, and the function stays small.
type Checks struct {
	// Advise says what to do about a mistake in a source, in plain words.
	Advise func(l Language, source string, m Mistake) Mistake
	// Expression returns the mistakes of an expression that can be evaluated.
	Expression func(root ast.Node) []Mistake
	// Call returns the mistakes of a call in a template, with offsets in bytes.
	Call func(c Call) []Mistake
}

func (c *Checks) advise(l Language, source string, m Mistake) Mistake {
	if c == nil || c.Advise == nil {
		return m
	}
	return c.Advise(l, source, m)
}

// Call is a call of a function in a template. The paths of its arguments are nil for all
// but fields, and for fields of unknown values.
type Call struct {
	Name  string
	Args  []parse.Node
	Paths [][]string
	// Piped says that one more argument, the last, comes from the command before it.
	Piped bool
}

// Inspect loads a playbook file with checks. Source has the problems, and Document what could
// be read. The Book has no fallback, and is complete only without problems.
func Inspect(name string, content []byte, kinds []enrich.Kind, checks Checks) (*Book, *Source, Document) {
	return load(name, content, kinds, &checks)
}
