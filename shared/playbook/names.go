package playbook

import "slices"

// Shapes returns the values that expressions and templates can name besides steps, each as it
// is without data. A map that is not empty has exactly its fields.
func Shapes() map[string]any {
	return map[string]any{"alert": alertShape(), "memory": memoryShape(), "cycle": cycleShape(nil), "event": eventShape}
}

// TemplateFunctions returns the names of the functions of templates.
func TemplateFunctions() []string { return functionNames() }

// ExpressionFunctions returns the names of the functions of expressions.
func ExpressionFunctions() []string { return slices.Clone(builtins) }
