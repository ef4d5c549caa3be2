package playbook

import "reflect"

// Source is a YAML file that goes with playbooks, such as their tests, read as
// strictly as they are. It knows where each value stands.
type Source struct{ decoder *decoder }

// Read fills into, a pointer to a struct with yaml tags, from a YAML document.
// What is wrong with it is in Err.
func Read(file string, source []byte, into any) *Source {
	d := &decoder{file: file}
	if root := d.open(source); root != nil {
		d.decode(root, reflect.ValueOf(into).Elem(), "")
	}
	return &Source{d}
}

// Report adds a mistake in the value at a path, such as "cases[0].event".
func (s *Source) Report(path, format string, args ...any) { s.decoder.reportAt(path, format, args...) }

// Err returns everything that is wrong with the file, as Problems in the order of
// the file, or nil.
func (s *Source) Err() error {
	if len(s.decoder.problems) == 0 {
		return nil
	}
	return s.decoder.problems.sorted()
}

// Shape returns the type of a playbook file, whose yaml and doc tags are all that
// its JSON Schema is made of. Durations are texts, and an ast.Node stands where a
// step's own Config does.
func Shape() reflect.Type { return reflect.TypeFor[document]() }
