package check

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"

	"boomerang/shared/playbook"
)

// call returns the mistakes in a call of a template: texts that a field never has, and
// arguments in the wrong order.
func call(c playbook.Call) []playbook.Mistake {
	var found []playbook.Mistake
	add := func(node parse.Node, warning bool, format string, args ...any) {
		found = append(found, playbook.Mistake{At: int(node.Position()), Text: fmt.Sprintf(format, args...), Warning: warning})
	}
	for i, arg := range c.Args {
		if n, ok := arg.(*parse.NumberNode); ok && strings.HasPrefix(n.Text, "'") {
			add(arg, false, "%s is the number of a character: write a text in double quotes", n.Text)
		}
		if c.Paths[i] == nil {
			continue
		}
		if other, ok := constantOf(c.Args[len(c.Args)-1]); ok && i == 0 && len(c.Args) == 2 && strings.Join(c.Paths[0], ".") == priority {
			if problem := ofPriority(c.Name, other); problem != "" {
				add(arg, true, "%s", problem)
			}
		}
		values := valuesOf(c.Paths[i])
		if values == nil || c.Name != "eq" && c.Name != "ne" {
			continue
		}
		for _, other := range c.Args {
			if constant, ok := constantOf(other); ok && constant != "" && !slices.Contains(values, constant) {
				add(other, false, "%s is never %q%s", strings.Join(c.Paths[i], "."), constant, playbook.Suggest(constant, values))
			}
		}
	}
	if len(c.Args) == 0 || c.Piped {
		return found
	}
	_, firstIsConstant := constantOf(c.Args[0])
	switch _, lastIsConstant := constantOf(c.Args[len(c.Args)-1]); {
	case slices.Contains([]string{"truncate", "default", "join", "contains", "replace"}, c.Name) && !firstIsConstant && lastIsConstant && c.Paths[0] != nil:
		var rest []string
		for _, arg := range c.Args[1:] {
			rest = append(rest, arg.String())
		}
		add(c.Args[0], true, "%s takes the value last: write %[1]s %s .%s", c.Name, strings.Join(rest, " "), strings.Join(c.Paths[0], "."))
	case c.Name == "printf" && firstIsConstant:
		format := strings.ReplaceAll(c.Args[0].(*parse.StringNode).Text, "%%", "")
		if verbs := strings.Count(format, "%"); verbs != len(c.Args)-1 {
			add(c.Args[0], true, "the format of printf has %d verbs, and there are %d values", verbs, len(c.Args)-1)
		}
	}
	return found
}

// ofPriority says for what else a comparison of the priority holds than one may think.
func ofPriority(function, than string) string {
	if function == "ne" && than != "" {
		return "this also holds for an alert without a priority: to leave those out, write and .alert.priority (ne .alert.priority " + fmt.Sprintf("%q)", than)
	}
	list, absent := priorities(map[string]string{"lt": "<", "le": "<=", "gt": ">", "ge": ">="}[function], than)
	if len(list) == 0 {
		return ""
	}
	return ofOrder("this", list, absent, "eq .alert.priority "+strings.Join(list, " "))
}

// constantOf returns the value of a constant.
func constantOf(node parse.Node) (string, bool) {
	switch n := node.(type) {
	case *parse.StringNode:
		return n.Text, true
	case *parse.NumberNode:
		return n.Text, true
	}
	return "", false
}
