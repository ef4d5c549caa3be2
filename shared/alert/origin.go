package alert

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// Origins returns the key of a payload, JSON or a form, that fills each field, by the field's
// JSON name, such as "incident.title". The fields that no key fills are read from Datadog's
// words.
func Origins(body []byte) map[string]string {
	payload, several, err := payloadOf(body)
	if err != nil || several != nil {
		payload, _ = formPayload(formBody(body))
	}
	var a Alert
	found := a.collect(nil, "", 0, payload)
	slices.SortFunc(found, compare)
	origins := map[string]string{}
	for _, c := range found {
		v := variables()[c.variable]
		name := v.jsonName()
		if origins[name] == "" && v.set(&a, c.value) == "" {
			origins[name] = strings.TrimPrefix(c.container+"."+c.key, ".")
		}
	}
	return origins
}

// jsonName is the name of the variable's field in playbooks.
func (v variable) jsonName() string {
	var names []string
	for i := range v.field {
		field := reflect.TypeFor[Alert]().FieldByIndex(v.field[:i+1])
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, cmp.Or(name, field.Name))
	}
	return strings.Join(names, ".")
}
