package fault

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Panic is a panic that was recovered.
type Panic struct {
	// Words are the runtime's own, and of any other panic the type of its value: that
	// may hold anything, also what an alert says.
	Words string
	Stack []byte
}

func (p *Panic) Error() string { return p.Words + "\n" + string(p.Stack) }

// Panicked returns the cause for what a panic broke. It is called by whoever recovers,
// while the stack still shows where it happened.
func Panicked(value any) *Panic {
	words := fmt.Sprintf("panic with a %T", value)
	if err, ok := value.(runtime.Error); ok {
		words = "panic: " + err.Error()
	}
	return &Panic{Words: words, Stack: debug.Stack()}
}
