package playbook

import (
	"reflect"
	"slices"
	"text/template/parse"
)

// maxLoops is how deep loops may nest.
const maxLoops = 2

// rewriter checks a template and makes it safe: fields become look-ups, loops ask
// the deadline, and each value is written by a function of ours.
type rewriter struct {
	scope  *scope
	escape escaping
	tree   *parse.Tree
	steps  []string
	// mistakes are told with offsets in bytes.
	mistakes []mistake
}

func (r *rewriter) refuse(at parse.Pos, format string, args ...any) {
	r.mistakes = append(r.mistakes, mistakef(int(at), format, args...))
}

// list rewrites the nodes of a list. dot is the path of the value that a lone dot
// stands for; it is nil where that is not known, as in a loop.
func (r *rewriter) list(list *parse.ListNode, dot []string, loops int) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			r.pipe(n.Pipe, dot)
			if len(n.Pipe.Decl) == 0 {
				r.pass(n.Pipe, r.writer())
			}
		case *parse.IfNode:
			r.branch(&n.BranchNode, dot, dot, loops)
		case *parse.WithNode:
			r.branch(&n.BranchNode, r.knownPath(n.Pipe, dot), dot, loops)
		case *parse.RangeNode:
			r.loop(n, dot, loops+1)
		case *parse.TemplateNode:
			r.refuse(n.Pos, "template and block are not understood here")
		}
	}
}

func (r *rewriter) writer() string {
	if r.escape == escapeURL {
		return urlName
	}
	return writeName
}

func (r *rewriter) branch(n *parse.BranchNode, inside, outside []string, loops int) {
	r.pipe(n.Pipe, outside)
	r.list(n.List, inside, loops)
	r.list(n.ElseList, outside, loops)
}

func (r *rewriter) loop(n *parse.RangeNode, dot []string, loops int) {
	if loops > maxLoops {
		r.refuse(n.Pos, "more than %d loops inside one another", maxLoops)
	}
	if !r.overList(n.Pipe, dot) {
		r.refuse(n.Pos, "range goes over a list or a map, such as .alert.tag_list")
	}
	r.branch(&n.BranchNode, nil, dot, loops)
	r.pass(n.Pipe, itemsName)
	turn := &parse.ActionNode{NodeType: parse.NodeAction, Pos: n.Pos, Line: n.Line, Pipe: r.call(n.Pos, turnName, root(n.Pos))}
	n.List.Nodes = slices.Insert(n.List.Nodes, 0, parse.Node(turn))
}

// overList reports whether a loop's pipeline may be a list, as far as can be seen
// before there is any data.
func (r *rewriter) overList(pipe *parse.PipeNode, dot []string) bool {
	if path := r.knownPath(pipe, dot); path != nil {
		switch r.scope.look(path).(type) {
		case nil, []any, []string, map[string]any, map[string]string:
			return true
		}
		return false
	}
	switch n := pipe.Cmds[len(pipe.Cmds)-1].Args[0].(type) {
	case *parse.NumberNode, *parse.StringNode, *parse.BoolNode:
		return false
	case *parse.IdentifierNode:
		return n.Ident == indexName || n.Ident == "default"
	}
	return true
}

// pipe rewrites a pipeline.
func (r *rewriter) pipe(pipe *parse.PipeNode, dot []string) {
	for _, variable := range pipe.Decl {
		if variable.Ident[0] == "$" {
			r.refuse(variable.Pos, "give the variable a name: $ is everything that a template knows")
		}
	}
	for i, command := range pipe.Cmds {
		r.command(command, dot, i > 0)
	}
}

// command rewrites a call, or a single value. piped is true of one that is given
// the value before it as its last argument.
func (r *rewriter) command(c *parse.CommandNode, dot []string, piped bool) {
	name, isCall := c.Args[0].(*parse.IdentifierNode)
	if _, isNil := c.Args[0].(*parse.NilNode); isNil {
		r.refuse(c.Args[0].Position(), "nil is nothing to write")
	}
	if !isCall && (piped || len(c.Args) > 1) {
		r.refuse(c.Args[0].Position(), "only functions take values")
	}
	args := c.Args
	if isCall {
		args = c.Args[1:]
		r.function(name, args, piped)
		// What index is given counts as one path.
		if path := r.pathOf(c, dot); path != nil {
			r.note(c.Position(), path)
			args = nil
			c.Args[1] = r.value(c.Args[1], dot)
		}
	}
	for i, arg := range args {
		args[i] = r.argument(arg, dot)
	}
}

// function refuses a call that could not be made.
func (r *rewriter) function(name *parse.IdentifierNode, args []parse.Node, piped bool) {
	call, ok := functions[name.Ident]
	if !ok {
		call, ok = logic[name.Ident]
	}
	if !ok {
		r.refuse(name.Pos, "there is no function %q%s", name.Ident, suggest(name.Ident, functionNames()))
		return
	}
	given := len(args)
	if piped {
		given++
	}
	least, most := reflect.TypeOf(call).NumIn(), reflect.TypeOf(call).NumIn()
	if reflect.TypeOf(call).IsVariadic() {
		least, most = least-1, given
	}
	if given < least || given > most {
		r.refuse(name.Pos, "%s has %d arguments and wants %d", name.Ident, given, least)
		return
	}
	if name.Ident == "printf" {
		r.format(name, args)
	}
}

func (r *rewriter) format(name *parse.IdentifierNode, args []parse.Node) {
	if len(args) > 0 {
		if format, ok := args[0].(*parse.StringNode); ok {
			if err := checkFormat(format.Text); err != nil {
				r.refuse(format.Pos, "%s", err)
			}
			return
		}
	}
	r.refuse(name.Pos, "printf needs its format first, between quotes: an alert must not choose it")
}

// argument checks a value, or the argument of a call, and rewrites it.
func (r *rewriter) argument(arg parse.Node, dot []string) parse.Node {
	switch n := arg.(type) {
	case *parse.PipeNode:
		r.pipe(n, dot)
		return n
	case *parse.ChainNode:
		return r.field(n.Pos, r.argument(n.Node, dot), n.Field)
	case *parse.IdentifierNode:
		r.function(n, nil, false)
		return n
	}
	if path := r.pathOf(arg, dot); path != nil {
		r.note(arg.Position(), path)
	}
	return r.value(arg, dot)
}

// note checks a path and remembers the step that it reads.
func (r *rewriter) note(at parse.Pos, path []string) {
	if text := r.scope.check(path); text != "" {
		r.refuse(at, "%s", text)
	}
	r.steps = reads(r.steps, path)
}

// value rewrites what has fields.
func (r *rewriter) value(arg parse.Node, dot []string) parse.Node {
	switch n := arg.(type) {
	case *parse.FieldNode:
		return r.field(n.Pos, &parse.DotNode{NodeType: parse.NodeDot, Pos: n.Pos}, n.Ident)
	case *parse.VariableNode:
		if len(n.Ident) > 1 {
			variable := &parse.VariableNode{NodeType: parse.NodeVariable, Pos: n.Pos, Ident: n.Ident[:1]}
			return r.field(n.Pos, variable, n.Ident[1:])
		}
	}
	return arg
}

// field returns the look-up of fields in a value.
func (r *rewriter) field(at parse.Pos, of parse.Node, path []string) parse.Node {
	args := []parse.Node{of}
	for _, name := range path {
		args = append(args, &parse.StringNode{NodeType: parse.NodeString, Pos: at, Quoted: `"` + name + `"`, Text: name})
	}
	return r.call(at, indexName, args...)
}

func (r *rewriter) call(at parse.Pos, function string, args ...parse.Node) *parse.PipeNode {
	command := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: at, Args: append([]parse.Node{r.named(at, function)}, args...)}
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: at, Cmds: []*parse.CommandNode{command}}
}

func (r *rewriter) named(at parse.Pos, function string) parse.Node {
	return parse.NewIdentifier(function).SetPos(at).SetTree(r.tree)
}

// pass gives what a pipeline ends with to a function.
func (r *rewriter) pass(pipe *parse.PipeNode, function string) {
	command := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pipe.Pos, Args: []parse.Node{r.named(pipe.Pos, function)}}
	pipe.Cmds = append(pipe.Cmds, command)
}

// root is all that a template knows.
func root(at parse.Pos) parse.Node {
	return &parse.VariableNode{NodeType: parse.NodeVariable, Pos: at, Ident: []string{"$"}}
}

// knownPath returns the path that a pipeline is, or nil when it is something else
// or a path to nothing.
func (r *rewriter) knownPath(pipe *parse.PipeNode, dot []string) []string {
	if len(pipe.Cmds) != 1 {
		return nil
	}
	node := parse.Node(pipe.Cmds[0])
	if args := pipe.Cmds[0].Args; len(args) == 1 {
		node = args[0]
	}
	if path := r.pathOf(node, dot); path != nil && r.scope.check(path) == "" {
		return path
	}
	return nil
}

// pathOf returns the path from the root that a node is, or nil when it is none, or
// one from somewhere else.
func (r *rewriter) pathOf(node parse.Node, dot []string) []string {
	switch n := node.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		if dot != nil {
			return slices.Concat(dot, n.Ident)
		}
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return append([]string{}, n.Ident[1:]...)
		}
	case *parse.CommandNode:
		return r.pathOfIndex(n.Args, dot)
	}
	return nil
}

// pathOfIndex returns the path of index .alert.tags "my-tag".
func (r *rewriter) pathOfIndex(args []parse.Node, dot []string) []string {
	if name, ok := args[0].(*parse.IdentifierNode); !ok || name.Ident != indexName || len(args) < 3 {
		return nil
	}
	path := r.pathOf(args[1], dot)
	for _, arg := range args[2:] {
		constant, ok := arg.(*parse.StringNode)
		if path == nil || !ok {
			return nil
		}
		path = append(slices.Clip(path), constant.Text)
	}
	return path
}
