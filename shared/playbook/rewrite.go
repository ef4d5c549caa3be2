package playbook

import (
	"reflect"
	"slices"
	"strings"
	"text/template/parse"

	"boomerang/shared/enrich"
)

// maxLoops bounds how deep loops nest.
const maxLoops = 2

// rewriter checks a template and makes it safe: fields become calls of index, loops
// check the deadline, and write formats each value. A path is a value's place from the
// root, such as alert.tags; it is nil where it is unknown.
type rewriter struct {
	reader    // with offsets in bytes
	checks    *Checks
	variables map[string][]string // the paths of their values, known in a check only
	tree      *parse.Tree
	loops     int // around the node
}

func (r *rewriter) refuse(at parse.Pos, format string, args ...any) {
	r.reader.refuse(int(at), format, args...)
}

// list rewrites nodes. dot is the path of the dot.
func (r *rewriter) list(list *parse.ListNode, dot []string) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			r.declare(n.Pipe, r.value(n.Pipe, dot))
			if len(n.Pipe.Decl) == 0 {
				r.addCall(n.Pipe, writeName)
			}
		case *parse.IfNode:
			r.branch(n.BranchNode, r.value(n.Pipe, dot), dot, dot)
		case *parse.WithNode:
			path := r.value(n.Pipe, dot)
			r.branch(n.BranchNode, path, path, dot)
		case *parse.RangeNode:
			r.loop(n, dot)
		case *parse.TemplateNode:
			r.refuse(n.Pos, "template and block are not supported")
		}
	}
}

// branch rewrites the lists of a node. path is that of its variable, and inside that of the dot
// in its first list.
func (r *rewriter) branch(n parse.BranchNode, path, inside, dot []string) {
	r.declare(n.Pipe, path)
	r.list(n.List, inside)
	r.list(n.ElseList, dot)
}

func (r *rewriter) loop(n *parse.RangeNode, dot []string) {
	if r.loops++; r.loops > maxLoops {
		r.refuse(n.Pos, "loops nest deeper than %d", maxLoops)
	}
	defer func() { r.loops-- }()
	before := len(r.mistakes)
	path := r.value(n.Pipe, dot)
	if len(r.mistakes) == before && !r.isIterable(n.Pipe, path) {
		r.refuse(n.Pos, "range needs a list or a map, such as .alert.tag_list")
	}
	var element []string // A file that is deployed may name any field of it.
	if r.checks != nil && path != nil {
		element = append(slices.Clip(path), Element)
	}
	r.branch(n.BranchNode, element, element, dot)
	r.addCall(n.Pipe, itemsName)
	root := &parse.VariableNode{NodeType: parse.NodeVariable, Pos: n.Pos, Ident: []string{"$"}}
	check := &parse.ActionNode{NodeType: parse.NodeAction, Pos: n.Pos, Line: n.Line, Pipe: r.call(n.Pos, iterationName, root)}
	n.List.Nodes = slices.Insert(n.List.Nodes, 0, parse.Node(check))
}

// isIterable reports whether a loop may run, as far as that is known without data.
func (r *rewriter) isIterable(pipe *parse.PipeNode, path []string) bool {
	if path != nil {
		shape, _ := r.scope.resolve(path)
		return shape == nil || items(shape) != nil
	}
	switch n := pipe.Cmds[len(pipe.Cmds)-1].Args[0].(type) {
	case *parse.NumberNode, *parse.StringNode, *parse.BoolNode:
		return false
	case *parse.IdentifierNode:
		return n.Ident == indexName || n.Ident == "default"
	}
	return true
}

// declare notes the path of the last variable that a pipeline declares. A name that is
// declared twice can stand for either value.
func (r *rewriter) declare(pipe *parse.PipeNode, path []string) {
	if len(pipe.Decl) == 0 || r.checks == nil {
		return
	}
	name := pipe.Decl[len(pipe.Decl)-1].Ident[0]
	if _, twice := r.variables[name]; twice || pipe.IsAssign {
		path = nil
	}
	r.variables[name] = path
}

// value rewrites a pipeline whose value is used. It returns the path of the value,
// unless the path is wrong.
func (r *rewriter) value(pipe *parse.PipeNode, dot []string) []string {
	path := r.pipe(pipe, dot)
	if !r.use(pipe.Cmds[0].Args[0], path) {
		return nil
	}
	return path
}

// use notes the path of a value, and reports whether it is right.
func (r *rewriter) use(node parse.Node, path []string) bool {
	if path == nil {
		return true
	}
	r.paths = appendNew(r.paths, strings.Join(path, "."))
	return r.read(int(node.Position()), path)
}

// pipe rewrites a pipeline and returns the path of its value.
func (r *rewriter) pipe(pipe *parse.PipeNode, dot []string) []string {
	for _, variable := range pipe.Decl {
		if variable.Ident[0] == "$" {
			r.refuse(variable.Pos, "$ is reserved: give the variable a name")
		}
	}
	if len(pipe.Cmds) == 1 {
		return r.command(pipe.Cmds[0], dot, false)
	}
	for i, command := range pipe.Cmds {
		r.use(command.Args[0], r.command(command, dot, i > 0))
	}
	return nil
}

// command rewrites a call or a single value. A piped command gets the value before it
// as its last argument.
func (r *rewriter) command(c *parse.CommandNode, dot []string, piped bool) []string {
	name, isCall := c.Args[0].(*parse.IdentifierNode)
	if !isCall {
		if _, isNil := c.Args[0].(*parse.NilNode); isNil {
			r.refuse(c.Args[0].Position(), "nil is not a value")
		} else if piped || len(c.Args) > 1 {
			r.refuse(c.Args[0].Position(), "only functions take arguments")
			return nil
		}
		value, path := r.operand(c.Args[0], dot)
		c.Args[0] = value
		return path
	}
	args := c.Args[1:]
	known, paths := r.checkCall(name, args, piped), make([][]string, len(args))
	for i, arg := range args {
		args[i], paths[i] = r.operand(arg, dot)
	}
	if !known {
		return nil
	}
	if path := r.indexed(name, args, paths); path != nil {
		return path
	}
	for i, arg := range args {
		r.use(arg, paths[i])
	}
	if r.checks != nil {
		r.mistakes = append(r.mistakes, r.checks.Call(Call{name.Ident, args, paths, piped})...)
	}
	return nil
}

// indexed returns the path of a call of index with constant keys.
func (r *rewriter) indexed(name *parse.IdentifierNode, args []parse.Node, paths [][]string) []string {
	if name.Ident != indexName || len(args) == 0 || paths[0] == nil {
		return nil
	}
	path := slices.Clip(paths[0])
	for _, arg := range args[1:] {
		switch key := arg.(type) {
		case *parse.StringNode:
			path = append(path, key.Text)
		case *parse.NumberNode:
			if r.checks == nil || !r.isList(path) {
				return nil
			}
			path = append(path, Element)
		default:
			return nil
		}
	}
	return path
}

func (r *rewriter) isList(path []string) bool {
	shape, _ := r.scope.resolve(path)
	switch shape.(type) {
	case []any, []string:
		return path != nil
	}
	return false
}

// checkCall refuses a call of an unknown function or with a wrong number of arguments.
func (r *rewriter) checkCall(name *parse.IdentifierNode, args []parse.Node, piped bool) (ok bool) {
	function, ok := functions[name.Ident]
	if !ok {
		function, ok = builtinFunctions[name.Ident]
	}
	if !ok {
		r.refuse(name.Pos, "unknown function %q%s", name.Ident, Suggest(name.Ident, TemplateFunctions()))
		return false
	}
	given, want := len(args), reflect.TypeOf(function).NumIn()
	if piped {
		given++
	}
	if variadic := reflect.TypeOf(function).IsVariadic(); given < want-1 || given != want && !variadic {
		if variadic {
			want--
		}
		r.refuse(name.Pos, "%s needs %s, not %d", name.Ident, enrich.Count(want, "argument"), given)
		return false
	}
	if name.Ident != "printf" {
		return true
	}
	if len(args) == 0 || args[0].Type() != parse.NodeString {
		r.refuse(name.Pos, "the format of printf must be a quoted constant")
	} else if format := args[0].(*parse.StringNode); strings.Contains(verb().ReplaceAllLiteralString(format.Text, ""), "%") {
		r.refuse(format.Pos, "printf supports %%s %%q %%d %%f %%g %%e %%t and %%%%, with widths below 100")
	} else {
		return true
	}
	return false
}

// operand rewrites a single value and returns its path.
func (r *rewriter) operand(node parse.Node, dot []string) (parse.Node, []string) {
	switch n := node.(type) {
	case *parse.PipeNode:
		return n, r.pipe(n, dot)
	case *parse.IdentifierNode:
		r.checkCall(n, nil, false)
	case *parse.DotNode:
		return n, dot
	case *parse.ChainNode:
		base, path := r.operand(n.Node, dot)
		return r.fields(n.Pos, base, path, n.Field)
	case *parse.FieldNode:
		return r.fields(n.Pos, &parse.DotNode{NodeType: parse.NodeDot, Pos: n.Pos}, dot, n.Ident)
	case *parse.VariableNode:
		path := r.variables[n.Ident[0]]
		if n.Ident[0] == "$" {
			path = []string{}
		}
		return r.fields(n.Pos, &parse.VariableNode{NodeType: parse.NodeVariable, Pos: n.Pos, Ident: n.Ident[:1]}, path, n.Ident[1:])
	}
	return node, nil
}

// fields returns the look-up of fields in a value.
func (r *rewriter) fields(at parse.Pos, base parse.Node, path, fields []string) (parse.Node, []string) {
	if path != nil {
		path = append(slices.Clip(path), fields...)
	}
	if len(fields) == 0 {
		return base, path
	}
	args := []parse.Node{base}
	for _, name := range fields {
		args = append(args, &parse.StringNode{NodeType: parse.NodeString, Pos: at, Quoted: `"` + name + `"`, Text: name})
	}
	return r.call(at, indexName, args...), path
}

func (r *rewriter) call(at parse.Pos, function string, args ...parse.Node) *parse.PipeNode {
	pipe := &parse.PipeNode{NodeType: parse.NodePipe, Pos: at}
	r.addCall(pipe, function, args...)
	return pipe
}

// addCall adds a call to the end of a pipeline.
func (r *rewriter) addCall(pipe *parse.PipeNode, function string, args ...parse.Node) {
	name := parse.NewIdentifier(function).SetPos(pipe.Pos).SetTree(r.tree)
	pipe.Cmds = append(pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pipe.Pos, Args: append([]parse.Node{name}, args...)})
}
